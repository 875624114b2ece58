//! What may become of the bytes of a file.

use fastrand::Rng;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Harm {
    /// One page is all zeros.
    Zeroed,
    /// One bit is another.
    Flipped,
    /// The file ends too early.
    Cut,
    /// Up to a page of it is anything.
    Garbage,
    /// One page was written where another belongs.
    Misplaced,
}

const PAGE: usize = 4096;

impl Harm {
    /// Damages the bytes, and says where.
    pub(crate) fn harm(self, bytes: &mut Vec<u8>, draw: &mut Rng) -> String {
        let pages = bytes.len() / PAGE;
        match self {
            Harm::Zeroed => {
                let page = draw.usize(..pages);
                bytes[page * PAGE..][..PAGE].fill(0);
                format!("page {page}")
            }
            Harm::Flipped => {
                // One in a page that is used.
                let at = loop {
                    let at = draw.usize(..bytes.len());
                    let page = &bytes[at / PAGE * PAGE..][..PAGE];
                    if page.iter().any(|byte| *byte != 0) {
                        break at;
                    }
                };
                let bit = draw.u8(..8);
                bytes[at] ^= 1 << bit;
                format!("bit {bit} of byte {at}, page {}", at / PAGE)
            }
            Harm::Cut => {
                let length = draw.usize(..bytes.len());
                bytes.truncate(length);
                format!("at {length}")
            }
            Harm::Garbage => {
                let length = draw.usize(1..=PAGE);
                let at = draw.usize(..bytes.len() - length);
                draw.fill(&mut bytes[at..at + length]);
                format!("{length} bytes at {at}, page {}", at / PAGE)
            }
            Harm::Misplaced => {
                let (from, to) = (draw.usize(..pages), draw.usize(..pages));
                bytes.copy_within(from * PAGE..(from + 1) * PAGE, to * PAGE);
                format!("page {from} in place of {to}")
            }
        }
    }
}
