//! Studies: the question as written, the plan, its execution, the store
