//! A workflow whose runs are stored has serde for its machine and for the enums of its states.

use serde_json::{Value, from_value, json, to_value};
use stateway::workflow;

workflow! {
    #[derive(Debug, PartialEq)]
    #[durable(version = 1)]
    workflow Parcel {
        input { number: u32 }

        start Packed { weight: f64 };
        transient state Weighed;
        state r#Try;
        done Delivered { to: String };
        failed Lost;

        step weigh: Packed -> Weighed;
        step send: Weighed -> r#Try;
        step deliver: r#Try -> Delivered | Lost;
    }
}

fn packed() -> Parcel<Packed> {
    Parcel::start(ParcelInput { number: 7 }, Packed { weight: 1.5 })
}

#[test]
fn a_machine_is_written_as_its_input_and_its_state() {
    let written = to_value(packed()).unwrap();

    assert_eq!(
        written,
        json!({"input": {"number": 7}, "state": {"weight": 1.5}})
    );
    assert_eq!(from_value::<Parcel<Packed>>(written).unwrap(), packed());
}

#[test]
fn a_machine_in_any_state_is_written_with_the_name_of_the_state() {
    let any = AnyParcel::from(packed());
    let written = to_value(&any).unwrap();

    assert_eq!(
        written,
        json!({"Packed": {"input": {"number": 7}, "state": {"weight": 1.5}}})
    );
    assert_eq!(from_value::<AnyParcel>(written).unwrap(), any);
}

#[test]
fn a_state_with_the_name_of_a_keyword_is_written_without_its_mark() {
    let any = AnyParcel::from(packed().weigh(|_| Weighed).send(|_| r#Try));
    let written = to_value(&any).unwrap();

    assert_eq!(
        written,
        json!({"Try": {"input": {"number": 7}, "state": null}})
    );
    assert_eq!(from_value::<AnyParcel>(written).unwrap(), any);
}

#[test]
fn a_final_state_is_written_with_its_name() {
    for (end, written) in [
        (
            ParcelEnd::Delivered(Delivered { to: "Ada".into() }),
            json!({"Delivered": {"to": "Ada"}}),
        ),
        (ParcelEnd::Lost(Lost), json!({"Lost": null})),
    ] {
        assert_eq!(to_value(&end).unwrap(), written);
        assert_eq!(from_value::<ParcelEnd>(written).unwrap(), end);
    }
}

#[test]
fn a_machine_in_a_transient_state_is_neither_written_nor_read() {
    let any = AnyParcel::from(packed().weigh(|_| Weighed));
    assert_eq!(
        to_value(&any).unwrap_err().to_string(),
        "a transient state is never stored"
    );

    let written = json!({"Weighed": {"input": {"number": 7}, "state": null}});
    assert_eq!(
        from_value::<AnyParcel>(written).unwrap_err().to_string(),
        "unknown variant `Weighed`, expected one of `Packed`, `Try`, `Delivered`, `Lost`"
    );
}

#[test]
fn what_cannot_be_read_says_why() {
    for (written, said) in [
        (
            json!({"Packed": {"input": {"number": 7}}}),
            "missing field `state`",
        ),
        (
            json!({"Shipped": {}}),
            "unknown variant `Shipped`, expected one of `Packed`, `Try`, `Delivered`, `Lost`",
        ),
        (Value::Null, "invalid type: null, expected string or map"),
        (
            json!({}),
            "invalid value: map, expected map with a single key",
        ),
    ] {
        let error = from_value::<AnyParcel>(written).unwrap_err();
        assert_eq!(error.to_string(), said);
    }
}

mod derived {
    use stateway::workflow;

    workflow! {
        #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[durable(version = 1)]
        pub(super) workflow Letter {
            input { number: u32 }

            start Written { pages: u32 };
            done Sent;

            step send: Written -> Sent;
        }
    }
}

#[test]
fn serde_of_ones_own_is_the_same() {
    use derived::{AnyLetter, Letter, LetterInput, Sent, Written};

    let machine = Letter::start(LetterInput { number: 7 }, Written { pages: 2 });
    let machine = machine.send(|_| Sent);
    let written = to_value(&machine).unwrap();
    assert_eq!(written, json!({"input": {"number": 7}, "state": null}));
    let any = to_value(AnyLetter::from(machine)).unwrap();
    assert_eq!(any, json!({"Sent": written}));
}

/// A format that names variants by number, as binary ones do, finds those that are not transient.
#[test]
fn a_binary_format_counts_the_stored_states_alone() {
    let any = AnyParcel::from(packed().weigh(|_| Weighed).send(|_| r#Try));
    let bytes = postcard::to_stdvec(&any).unwrap();
    assert_eq!(bytes, [1, 7]);
    assert_eq!(postcard::from_bytes::<AnyParcel>(&bytes).unwrap(), any);
    assert!(postcard::from_bytes::<AnyParcel>(&[4, 7]).is_err());
}
