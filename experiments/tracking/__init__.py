"""How is what was done kept in MLflow, found again, compared and reviewed?"""
