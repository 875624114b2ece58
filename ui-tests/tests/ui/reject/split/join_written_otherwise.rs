//! Joins that are written otherwise.

mod comma {
    stateway::workflow! {
        workflow Order {
            start Placed { items: Vec<u8> };
            done Checked;
            split check: Placed -> Checked {
                branch one: u8;
                branch two: u8;
                join quorum(2), within 5s;
            }
        }
    }
}

mod number {
    stateway::workflow! {
        workflow Order {
            start Placed { items: Vec<u8> };
            done Checked;
            split check: Placed -> Checked {
                branch one: u8;
                branch two: u8;
                join quorum 2;
            }
        }
    }
}

mod parentheses {
    stateway::workflow! {
        workflow Order {
            start Placed { items: Vec<u8> };
            done Checked;
            split check: Placed -> Checked {
                branch one: u8;
                branch two: u8;
                join quorum(2) within(5s);
            }
        }
    }
}

mod fraction {
    stateway::workflow! {
        workflow Order {
            start Placed { items: Vec<u8> };
            done Checked;
            split check: Placed -> Checked {
                branch one: u8;
                branch two: u8;
                join quorum(2 of 3);
            }
        }
    }
}

mod slash {
    stateway::workflow! {
        workflow Order {
            start Placed { items: Vec<u8> };
            done Checked;
            split check: Placed -> Checked {
                branch one: u8;
                branch two: u8;
                join quorum(2/3);
            }
        }
    }
}

mod percent {
    stateway::workflow! {
        workflow Order {
            start Placed { items: Vec<u8> };
            done Checked;
            split check: Placed -> Checked {
                branch one: u8;
                branch two: u8;
                join percent(50%);
            }
        }
    }
}

mod sign {
    stateway::workflow! {
        workflow Order {
            start Placed { items: Vec<u8> };
            done Checked;
            split check: Placed -> Checked {
                branch one: u8;
                branch two: u8;
                join: all;
            }
        }
    }
}

mod no_join {
    stateway::workflow! {
        workflow Order {
            start Placed { items: Vec<u8> };
            done Checked;
            split check: Placed -> Checked {
                branch one: u8;
                branch two: u8;
                quorum(2);
            }
        }
    }
}

mod limit {
    stateway::workflow! {
        workflow Order {
            start Placed { items: Vec<u8> };
            done Checked;
            split check: Placed -> Checked {
                each item in items: u8 => u8, max 8;
                join all;
            }
        }
    }
}

mod clause {
    stateway::workflow! {
        workflow Order {
            start Placed { items: Vec<u8> };
            done Checked;
            split check: Placed -> Checked {
                branch one: u8 timeout(2s);
                branch two: u8;
                join all;
            }
        }
    }
}

fn main() {}
