//! Summaries, intervals, paired tests, curves: records in, findings out
