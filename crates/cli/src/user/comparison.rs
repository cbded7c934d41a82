//! Where the tokens of one user agree on the user's profile, and where they do not.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::aws::user_token_items::StoredItem;
use crate::token::view::profile;

/// The profile in several items.
#[derive(Serialize)]
pub(crate) struct Comparison {
    /// What all items hold alike.
    #[serde(rename = "profile")]
    pub(crate) agreed: Map<String, Value>,
    /// What they do not.
    #[serde(rename = "differences")]
    pub(crate) differing: Vec<Difference>,
}

/// A field that is not the same in all items.
#[derive(Serialize)]
pub(crate) struct Difference {
    /// The field's name.
    pub(crate) field: String,
    /// What there is.
    pub(crate) values: Vec<ValueOf>,
}

/// A value of some items.
#[derive(Serialize)]
pub(crate) struct ValueOf {
    /// None where the field is not stored, which is something else than null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<Value>,
    /// The items.
    pub(crate) token_hashes: Vec<String>,
}

impl Comparison {
    /// Compares the profiles in these items.
    pub(crate) fn of(items: &[StoredItem]) -> Self {
        let profiles: Vec<_> = items.iter().map(|item| (item.token_hash(), profile(item))).collect();
        let fields: BTreeSet<&String> = profiles.iter().flat_map(|(_, profile)| profile.keys()).collect();
        let mut comparison = Self { agreed: Map::new(), differing: Vec::new() };
        for field in fields {
            let mut values = values(&profiles, field);
            match values.as_mut_slice() {
                [ValueOf { value: Some(value), .. }] => {
                    comparison.agreed.insert(field.clone(), std::mem::take(value));
                }
                _ => comparison.differing.push(Difference { field: field.clone(), values }),
            }
        }
        comparison
    }
}

fn values(profiles: &[(&str, Map<String, Value>)], field: &str) -> Vec<ValueOf> {
    let mut values: Vec<ValueOf> = Vec::new();
    for (token_hash, profile) in profiles {
        let value = profile.get(field);
        let token_hash = (*token_hash).to_owned();
        match values.iter_mut().find(|known| known.value.as_ref() == value) {
            Some(known) => known.token_hashes.push(token_hash),
            None => values.push(ValueOf { value: value.cloned(), token_hashes: vec![token_hash] }),
        }
    }
    values
}
