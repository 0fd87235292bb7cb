//! Tables, figures, pages: findings in, files out
