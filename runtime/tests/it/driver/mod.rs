//! Runs that are driven in memory.

mod effects_model;
mod failure;
mod groups;
mod in_doubt;
mod logs;
mod question_mark;
mod rollback_model;
mod run;
mod several;
