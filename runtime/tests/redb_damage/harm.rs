//! Damage to the bytes of a file.

use fastrand::Rng;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Harm {
    /// One page is all zeros.
    Zeroed,
    /// One bit is another.
    Flipped,
    /// One bit is another by which a run is found: of the ids in a page of redb, where they begin, or how many there
    /// are.
    Astray,
    /// The same of the ids of messages.
    Forgotten,
    /// The file ends too early.
    Cut,
    /// Up to a page of it is anything.
    Garbage,
    /// One page was written where another belongs.
    Misplaced,
}

const PAGE: usize = 4096;

/// About as many bytes of a page come before the records.
const HEAD: usize = 250;

fn has(page: &[u8], text: &[u8]) -> bool {
    page.windows(text.len()).any(|it| it == text)
}

/// Returns true if a page is a leaf of redb with ids of messages, and nothing else of them.
fn has_messages(page: &[u8]) -> bool {
    page[0] == 1 && has(page, b"message-") && !has(page, b"nudge")
}

/// Returns true if a page is a leaf of redb with records of runs, or a branch of a table with ids.
fn leads_to_runs(page: &[u8]) -> bool {
    match page[0] {
        1 => has(page, b"Walk"),
        2 => has(page, b"run-"),
        _ => false,
    }
}

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
            Harm::Astray | Harm::Forgotten => {
                let leads = match self {
                    Harm::Astray => leads_to_runs,
                    _ => has_messages,
                };
                let ways: Vec<_> = (1..pages)
                    .filter(|page| leads(&bytes[page * PAGE..][..PAGE]))
                    .collect();
                let page = ways[draw.usize(..ways.len())];
                let at = page * PAGE + draw.usize(2..HEAD);
                let bit = draw.u8(..8);
                bytes[at] ^= 1 << bit;
                format!("bit {bit} of byte {} of page {page}", at % PAGE)
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
