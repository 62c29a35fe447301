//! Which events a view folds, and how.

use super::View;
use crate::{Aggregate, Envelope, EventSchema, RowKey, SchemaError};

/// The published events of one kind of aggregate, as far as a view needs them.
///
/// Every [`Aggregate`] implements it. A service that only subscribes to another service's events implements it for its
/// own type, with the events and fields that it reads. It needs neither the publisher's code nor its event store.
pub trait Published: 'static {
    /// The aggregate's type, such as `Order`.
    const TYPE: &'static str;

    /// Its events.
    type Event: EventSchema;
}

impl<A: Aggregate> Published for A {
    const TYPE: &'static str = <A as Aggregate>::TYPE;

    type Event = <A as crate::Decider>::Event;
}

/// How a view folds the events of one kind of aggregate.
pub trait Fold<A: Published>: View {
    /// The row that the event belongs to; `None` when it changes no row.
    ///
    /// By default the aggregate's [only row](RowKey::only). The key may hold more than the id, such as the aggregate's
    /// owner, if every event names the owner.
    fn row_key(_: &A::Event, envelope: &Envelope) -> Option<RowKey> {
        Some(RowKey::only(Self::NAME, &envelope.aggregate_id))
    }

    /// Folds one event into its row. Match every variant: a new event then does not compile until the view handles it.
    fn fold(row: &mut Self::Row, event: &A::Event, envelope: &Envelope);
}

/// The aggregates that the view `V` folds: implemented for tuples of one to eight aggregates.
pub trait Folds<V: View> {
    /// Their types.
    const TYPES: &'static [&'static str];

    /// The row that an event belongs to. `None` when it changes no row or belongs to another aggregate.
    ///
    /// # Errors
    /// [`SchemaError`] when this code does not understand the event.
    fn row_key(envelope: &Envelope) -> Result<Option<RowKey>, SchemaError>;

    /// Folds an event into its row. An event of another aggregate changes nothing.
    ///
    /// # Errors
    /// [`SchemaError`] when this code does not understand the event. The row is unchanged then.
    fn fold(row: &mut V::Row, envelope: &Envelope) -> Result<(), SchemaError>;

    /// Whether this code knows events of this name. Only newer code can say whether the view wants one that it does not
    /// know. Events of another aggregate are known: the view does not want them.
    fn knows(envelope: &Envelope) -> bool;
}

macro_rules! folds {
    ($($aggregate:ident),+) => {
        impl<V, $($aggregate),+> Folds<V> for ($($aggregate,)+)
        where
            V: View $(+ Fold<$aggregate>)+,
            $($aggregate: Published,)+
        {
            const TYPES: &'static [&'static str] = &[$($aggregate::TYPE),+];

            fn row_key(envelope: &Envelope) -> Result<Option<RowKey>, SchemaError> {
                $(if envelope.aggregate_type == $aggregate::TYPE {
                    // An upcast may turn one event into several. All of them belong to the same row.
                    let events = envelope.decode::<$aggregate::Event>()?;
                    let mut keys = events.iter();
                    return Ok(keys.find_map(|event| <V as Fold<$aggregate>>::row_key(event, envelope)));
                })+
                Ok(None)
            }

            fn fold(row: &mut V::Row, envelope: &Envelope) -> Result<(), SchemaError> {
                $(if envelope.aggregate_type == $aggregate::TYPE {
                    for event in envelope.decode::<$aggregate::Event>()? {
                        <V as Fold<$aggregate>>::fold(row, &event, envelope);
                    }
                    return Ok(());
                })+
                Ok(())
            }

            fn knows(envelope: &Envelope) -> bool {
                $(if envelope.aggregate_type == $aggregate::TYPE {
                    let decoded = envelope.decode::<$aggregate::Event>();
                    return !matches!(decoded, Err(SchemaError::UnknownEvent(_)));
                })+
                true
            }
        }
    };
}

folds!(A);
folds!(A, B);
folds!(A, B, C);
folds!(A, B, C, D);
folds!(A, B, C, D, E);
folds!(A, B, C, D, E, F);
folds!(A, B, C, D, E, F, G);
folds!(A, B, C, D, E, F, G, H);
