"""What does the sampler make of Optuna's spaces, trials and tables of candidates?"""
