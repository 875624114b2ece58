//! The body of the fuzz target `block`, over the bytes of a seeded generator.

use proc_macro2::TokenStream;

use super::fuzz;

/// The generator `SplitMix64`, by Steele, Lea and Flood, 2014.
struct Bytes(u64);

impl Bytes {
    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// `kind`, then fewer than `most` bytes.
    fn some(&mut self, kind: u8, most: u64) -> Vec<u8> {
        let length = self.draw() % most;
        let others = (0..length).map(|_| self.draw().to_le_bytes()[0]);
        [kind].into_iter().chain(others).collect()
    }
}

fn judge(code: TokenStream) -> Result<(), String> {
    let read = syn::parse2::<syn::File>(code);
    read.map(|_| ()).map_err(|error| error.to_string())
}

#[test]
fn any_tokens_become_rust() {
    let mut bytes = Bytes(7);
    for _ in 0..1_000 {
        fuzz::block(&bytes.some(0, 40), judge);
        fuzz::block(&bytes.some(1, 80), judge);
    }
}

#[test]
fn any_damage_leaves_rust() {
    let mut bytes = Bytes(11);
    for _ in 0..100 {
        fuzz::block(&bytes.some(2, 30), judge);
        fuzz::block(&bytes.some(3, 30), judge);
    }
}
