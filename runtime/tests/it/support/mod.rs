//! Contexts and workflows that several tests share.

pub(crate) mod desk;
pub(crate) mod lab;
pub(crate) mod order;
