//! Branches for the items in the input of a run.

use std::sync::Arc;

use stateway::prelude::*;

workflow! {
    workflow Order {
        input { products: Vec<String>, taxes: [u32; 2] }
        start Placed { discount: u32 };
        state Priced { discount: u32, sum: u32 };
        done Payable { sum: u32 };

        split price: Placed -> Priced {
            each product in input.products: String => u32, at most 2;
            join all;
        }
        split tax as TaxNext: Priced -> Payable {
            each tax_of in input.taxes: u32 => u32 with spawn, retry(2);
            join all;
        }
    }
}

struct Shop;

impl OrderSteps for Shop {
    type Error = String;

    async fn product(
        &self,
        placed: &Placed,
        product: &String,
        branch: &Branch<Price>,
    ) -> Result<u32, String> {
        assert_eq!(&branch.input().products[branch.index()], product);
        let length: u32 = product.len().try_into().expect("it is short");
        Ok(length - placed.discount)
    }

    async fn price(
        &self,
        placed: Placed,
        joined: PriceJoined,
        step: &Step<Price>,
    ) -> Result<Price, String> {
        let (discount, sum) = (placed.discount, joined.into_iter().sum());
        Ok(step.to(Priced { discount, sum }))
    }

    async fn tax_of(
        &self,
        priced: &Priced,
        percent: &u32,
        branch: &Branch<TaxNext>,
    ) -> Result<u32, String> {
        if branch.attempt() == 1 {
            return Err("the office is closed".to_owned());
        }
        Ok(priced.sum * percent / 100)
    }

    async fn tax(
        &self,
        priced: Priced,
        joined: TaxNextJoined,
        step: &Step<TaxNext>,
    ) -> Result<TaxNext, String> {
        assert_eq!(priced.discount, 1);
        let sum = priced.sum + joined.into_iter().sum::<u32>();
        Ok(step.to(Payable { sum }))
    }
}

#[tokio::test(start_paused = true)]
async fn a_branch_is_given_an_item_of_the_input_also_on_a_task_of_its_own() {
    let products = ["apples", "pears", "plums!"].map(str::to_owned).to_vec();
    let taxes = [50, 100];
    let order = Order::start(OrderInput { products, taxes }, Placed { discount: 1 });
    let OrderEnd::Payable(payable) = order.run(&Arc::new(Shop)).await.unwrap();
    // 5 + 4 + 5, and once and a half of it.
    assert_eq!(payable.sum, 14 + 7 + 14);
}

#[test]
fn the_diagram_says_where_the_items_are() {
    let mermaid = Order::GRAPH.mermaid().to_string();
    let price = "Placed --> Priced: price of each product in input.products at most 2, join all";
    assert!(mermaid.contains(price), "{mermaid}");
}
