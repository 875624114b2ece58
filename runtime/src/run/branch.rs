//! The names of branches.

use std::fmt;

/// The name of a branch of a split. It prints as `credit`, or as `chunk[3]` for an item of an `each`.
///
/// ```
/// # use stateway::prelude::*;
/// # workflow! {
/// #     workflow Album {
/// #         start Taken { photos: Vec<String> };
/// #         done Stored;
/// #         split store: Taken -> Stored { each photo in photos: String => (); join all; }
/// #     }
/// # }
/// # struct Disk;
/// # impl AlbumSteps for Disk {
/// #     type Error = String;
/// #     async fn photo(&self, _: &Taken, photo: &String, _: &Branch<Store>) -> Result<(), String> {
/// #         if photo.is_empty() { Err("no name".to_owned()) } else { Ok(()) }
/// #     }
/// #     async fn store(&self, _: Taken, _: StoreJoined, step: &Step<Store>) -> Result<Store, String> {
/// #         Ok(step.to(Stored))
/// #     }
/// # }
/// # pollster::block_on(async {
/// let taken = Taken { photos: vec!["a.jpg".to_owned(), String::new()] };
/// let error = Album::start(taken).run(&Disk).await.err().expect("a photo has no name");
/// if let Cause::Join(join) = error.cause() {
///     let name = join.failures[0].name();
///     assert_eq!((name.branch, name.item), ("photo", Some(1)));
///     assert_eq!(name.to_string(), "photo[1]");
/// }
/// # });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct BranchName {
    /// The name, as declared.
    pub branch: &'static str,
    /// The position of the item, counted from 0, if it is a branch of an `each`.
    pub item: Option<usize>,
}

impl fmt::Display for BranchName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.item {
            None => f.write_str(self.branch),
            Some(item) => write!(f, "{}[{item}]", self.branch),
        }
    }
}
