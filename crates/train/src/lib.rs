//! Training one run: schedule, optimiser, fit, evaluation, gradient statistics
