//! Field types, names and settings that are rare.
#![deny(warnings)]
#![allow(non_camel_case_types)]

mod old {
    stateway::workflow! {
        #[deprecated]
        #[derive(Clone)]
        pub workflow Bill {
            input { sum: u64 }
            start Draft;
            done Paid;
            #[inline]
            step into: Draft -> Paid;
        }
    }
}

mod list {
    stateway::workflow! {
        workflow r#type {
            start Node { next: Option<Box<Self>>, sizes: [u8; if cfg!(unix) { 1 } else { 2 }] };
            done Nil;
            step go: Node -> Nil;
        }
    }

    pub fn walk() {
        let node = Node { next: None, sizes: [0; if cfg!(unix) { 1 } else { 2 }] };
        let list = r#type::start(Node { next: Some(Box::new(node)), sizes: [0; if cfg!(unix) { 1 } else { 2 }] });
        let Nil = list.go(|node| match node.next {
            Some(next) if next.sizes == node.sizes => Nil,
            _ => unreachable!(),
        }).into_state();
    }
}

mod without_case {
    stateway::workflow! {
        workflow 订单 {
            start 已下单;
            done 已发货;
            step 发货: 已下单 -> 已发货;
        }
    }

    pub fn walk() {
        let 已发货 = 订单::start(已下单).发货(|_| 已发货).into_state();
    }
}

pub fn main() {
    list::walk();
    without_case::walk();
}
