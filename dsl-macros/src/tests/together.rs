//! All errors of a block are reported together: none hides another that has nothing to do with it.
