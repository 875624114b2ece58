//! Branches for the entries of a map.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stateway::prelude::*;
use tokio::time::sleep;

workflow! {
    workflow Order {
        input { taxes: Arc<[(String, u32)]>, window: u8 }
        start Placed { cart: BTreeMap<String, u32> };
        state Priced { sums: Vec<u32> };
        state Taxed { sums: Vec<u32>, offers: Box<[(u64, String)]> };
        done Payable { sums: Vec<u32>, offer: Option<u64> };

        split price: Placed -> Priced {
            each (product, amount) in cart: String, u32 => u32, at most input.window;
            join all;
        }
        split tax as TaxNext: Priced -> Taxed {
            each (tax_of, percent) in input.taxes: String, u32 => u32 with spawn, retry(2);
            join settled;
        }
        split choose as ChooseNext: Taxed -> Payable {
            each (offer, by) in offers: u64, String => u64 with timeout(1m), retry(2, every 1s);
            join any;
        }
    }
}

#[derive(Default)]
struct Shop {
    priced: Mutex<Vec<String>>,
}

impl OrderSteps for Shop {
    type Error = String;

    async fn product(
        &self,
        placed: &Placed,
        product: &String,
        amount: &u32,
        branch: &Branch<Price>,
    ) -> Result<u32, String> {
        assert_eq!(placed.cart.get(product), Some(amount));
        let key = branch.key().to_string();
        assert!(
            key.ends_with(&format!("/product/{}", branch.index())),
            "{key}"
        );
        self.priced.lock().unwrap().push(product.clone());
        let length: u32 = product.len().try_into().expect("it is short");
        Ok(length * amount)
    }

    async fn price(
        &self,
        _: Placed,
        joined: PriceJoined,
        step: &Step<Price>,
    ) -> Result<Price, String> {
        Ok(step.to(Priced { sums: joined }))
    }

    async fn tax_of(
        &self,
        priced: &Priced,
        tax_of: &String,
        percent: &u32,
        branch: &Branch<TaxNext>,
    ) -> Result<u32, String> {
        if tax_of == "none" {
            return Err("no such tax".to_owned());
        }
        if branch.attempt() == 1 {
            return Err("the office is closed".to_owned());
        }
        Ok(priced.sums.iter().sum::<u32>() * percent / 100)
    }

    async fn tax(
        &self,
        priced: Priced,
        joined: TaxNextJoined<String>,
        step: &Step<TaxNext>,
    ) -> Result<TaxNext, String> {
        let taxes = joined.into_iter().filter_map(Branched::into_output);
        let offers = [(30, "slow"), (70, "quick"), (90, "closed")];
        let offers = offers.map(|(number, by)| (number, by.to_owned()));
        Ok(step.to(Taxed {
            sums: priced.sums.into_iter().chain(taxes).collect(),
            offers: offers.into(),
        }))
    }

    async fn offer(
        &self,
        _: &Taxed,
        offer: &u64,
        by: &String,
        _: &Branch<ChooseNext>,
    ) -> Result<u64, String> {
        match by.as_str() {
            "slow" => sleep(Duration::from_mins(1)).await,
            "quick" => sleep(Duration::from_secs(5)).await,
            _ => return Err("closed".to_owned()),
        }
        Ok(*offer)
    }

    async fn choose(
        &self,
        taxed: Taxed,
        joined: ChooseNextJoined,
        step: &Step<ChooseNext>,
    ) -> Result<ChooseNext, String> {
        assert_eq!(joined.item, 1);
        Ok(step.to(Payable {
            sums: taxed.sums,
            offer: Some(joined.output),
        }))
    }
}

#[tokio::test(start_paused = true)]
async fn a_branch_is_given_the_key_and_the_value_of_an_entry_in_the_order_of_the_map() {
    let cart = [("plums", 3), ("apples", 1), ("pears", 2)];
    let cart = cart.map(|(product, amount)| (product.to_owned(), amount));
    let taxes = [("city", 50), ("none", 7), ("land", 100)];
    let taxes = taxes.map(|(tax, percent)| (tax.to_owned(), percent));
    let input = OrderInput {
        taxes: Arc::new(taxes),
        window: 1,
    };
    let order = Order::start(input, Placed { cart: cart.into() });
    let shop = Arc::new(Shop::default());
    let OrderEnd::Payable(payable) = order.run(&shop).await.unwrap();
    assert_eq!(*shop.priced.lock().unwrap(), ["apples", "pears", "plums"]);
    // 6, 10 and 15; then half of them and all of them.
    assert_eq!(payable.sums, [6, 10, 15, 15, 31]);
    assert_eq!(payable.offer, Some(70));
}

#[test]
fn the_graph_and_its_diagrams_name_the_keys_and_the_values() {
    let split = Order::GRAPH.transitions[0].split.expect("it is one");
    let each = split.branches[0].each.expect("it is one");
    assert_eq!(split.branches[0].name, "product");
    assert_eq!((each.field, each.value), ("cart", Some("amount")));
    let mermaid = Order::GRAPH.mermaid().to_string();
    let price = "price of each (product, amount) in cart at most input.window, join all";
    assert!(mermaid.contains(price), "{mermaid}");
}
