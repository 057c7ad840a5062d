"""Which recipes come next, why, and is it still worth going on?"""
