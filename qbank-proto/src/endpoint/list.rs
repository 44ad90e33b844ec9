//! An operation whose response is a list.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, SeqAccess, Visitor};

use super::{ApiResponse, Endpoint, Read};
use crate::json::{DecodeError, Object};

/// An operation whose response is a list that can be read while it arrives.
pub trait ListEndpoint: Endpoint<Effect = Read, Output = Vec<Self::Item>> {
    /// One of the list.
    type Item;

    /// The JSON object that an item is, as serde reads it. It may borrow.
    type Members<'de>: Deserialize<'de>;

    /// Reads one of the list. An error ends a list that is decoded as a whole; one that is
    /// decoded while it arrives goes on with the next item.
    fn item(members: Self::Members<'_>) -> Result<Self::Item, DecodeError>;
}

/// Reads a whole list: the first item that cannot be read ends it.
pub(super) fn read_list<L: ListEndpoint>(
    response: &ApiResponse<'_>,
) -> Result<Vec<L::Item>, DecodeError> {
    let document = response.document()?;
    document.read(|json| {
        let mut list = Items::<L> { read: Ok(Vec::new()), next: 0 };
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let ended = deserializer.deserialize_seq(&mut list).and_then(|()| deserializer.end());
        Ok(match (list.read, ended) {
            // serde_json only knows that reading stopped here.
            (Err(error), _) => Err(error),
            (Ok(items), Ok(())) => Ok(items),
            (Ok(_), Err(error)) if list.next > 0 && error.is_data() => {
                Err(DecodeError::of(&error).at_index(list.next - 1))
            }
            (Ok(_), Err(error)) => return Err(error),
        })
    })?
}

struct Items<L: ListEndpoint> {
    read: Result<Vec<L::Item>, DecodeError>,
    /// The index of the next item.
    next: u64,
}

impl<'de, L: ListEndpoint> Visitor<'de> for &mut Items<L> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut items = Vec::new();
        loop {
            self.next += 1;
            let Some(Object(members)) = list.next_element::<Object<L::Members<'de>>>()? else {
                break;
            };
            match L::item(members) {
                Ok(item) => items.push(item),
                Err(error) => {
                    self.read = Err(error.at_index(self.next - 1));
                    return Err(A::Error::custom("an item cannot be read"));
                }
            }
        }
        self.next = 0;
        self.read = Ok(items);
        Ok(())
    }
}
