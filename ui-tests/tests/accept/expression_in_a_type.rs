//! Expressions that only the compiler reads, in the types of fields, items and outputs of branches.

const N: usize = 2;

pub struct Row<const N: usize>;

stateway::workflow! {
    workflow Bill {
        input { sums: [u64; if N > 1 { 3 } else { 1 }], first: Row<{ N * 2 }> }
        start Draft { rows: Vec<Row<{ N + 1 }>>, sum: u64 };
        state Counted;
        done Paid { nested: [[u8; N + 1]; match N { 2 => 3, other => other }] };
        split count: Draft -> Counted {
            each row in rows: Row<{ N + 1 }> => [u64; if N > 1 { 3 } else { 1 }], at most 2;
            join all;
        }
        split pay: Counted -> Paid {
            branch cash: Row<{ N + 1 }> with retry(2);
            branch card: u8;
            join any;
        }
    }
}

pub fn main() {
    let input = BillInput {
        sums: [1, 2, 3],
        first: Row::<4>,
    };
    let _: [u64; 3] = input.sums;
    let _: Row<4> = input.first;
    let _: [[u8; 3]; 3] = Paid { nested: [[0; 3]; 3] }.nested;
}
