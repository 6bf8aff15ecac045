//! PostgreSQL's ranges. An empty range has no bounds, as in Spin.

use std::error::Error as StdError;

use anyhow::Result;
use bytes::BytesMut;
use rust_decimal::Decimal;
use tokio_postgres::types::{FromSql, IsNull, Kind, ToSql, Type, to_sql_checked};

use crate::postgres::values::decimal;
use crate::wit::postgres::RangeBoundKind;

type BoxError = Box<dyn StdError + Sync + Send>;
pub(crate) type Bound<T> = Option<(T, RangeBoundKind)>;

const EMPTY: u8 = 0x01;
const LOWER_INCLUSIVE: u8 = 0x02;
const UPPER_INCLUSIVE: u8 = 0x04;
const LOWER_UNBOUNDED: u8 = 0x08;
const UPPER_UNBOUNDED: u8 = 0x10;

#[derive(Debug)]
pub(crate) struct Range<T>(pub (Bound<T>, Bound<T>));

/// A decimal as the element of a range.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DecimalValue(pub Decimal);

impl Range<DecimalValue> {
    pub(crate) fn decimal((lower, upper): &(Bound<String>, Bound<String>)) -> Result<Self> {
        let bound = |bound: &Bound<String>| -> Result<Bound<DecimalValue>> {
            bound.as_ref().map(|(text, kind)| Ok((DecimalValue(decimal(text)?), *kind))).transpose()
        };
        Ok(Self((bound(lower)?, bound(upper)?)))
    }

    pub(crate) fn into_text(self) -> (Bound<String>, Bound<String>) {
        let text = |bound: Bound<DecimalValue>| bound.map(|(value, kind)| (value.0.to_string(), kind));
        (text(self.0.0), text(self.0.1))
    }
}

fn element(ty: &Type) -> Option<&Type> {
    match ty.kind() {
        Kind::Range(element) => Some(element),
        _ => None,
    }
}

fn flags<T>(bound: &Bound<T>, inclusive: u8, unbounded: u8) -> u8 {
    match bound {
        None => unbounded,
        Some((_, RangeBoundKind::Inclusive)) => inclusive,
        Some((_, RangeBoundKind::Exclusive)) => 0,
    }
}

impl<T: ToSql + std::fmt::Debug> ToSql for Range<T> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        let element = element(ty).ok_or("not a range type")?;
        let (lower, upper) = &self.0;
        let both =
            flags(lower, LOWER_INCLUSIVE, LOWER_UNBOUNDED) | flags(upper, UPPER_INCLUSIVE, UPPER_UNBOUNDED);
        out.extend_from_slice(&[both]);
        for (value, _) in [lower, upper].into_iter().flatten() {
            let mut encoded = BytesMut::new();
            value.to_sql(element, &mut encoded)?;
            out.extend_from_slice(&i32::try_from(encoded.len())?.to_be_bytes());
            out.extend_from_slice(&encoded);
        }
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        element(ty).is_some_and(T::accepts)
    }

    to_sql_checked!();
}

impl<T: for<'a> FromSql<'a>> FromSql<'_> for Range<T> {
    fn from_sql(ty: &Type, raw: &[u8]) -> Result<Self, BoxError> {
        let element = element(ty).ok_or("not a range type")?;
        let (&flags, mut rest) = raw.split_first().ok_or("a range without flags")?;
        if flags & EMPTY != 0 {
            return Ok(Self((None, None)));
        }
        let mut bound = |inclusive: u8, unbounded: u8| -> Result<Bound<T>, BoxError> {
            if flags & unbounded != 0 {
                return Ok(None);
            }
            let (length, after) = rest.split_first_chunk::<4>().ok_or("a range bound without its length")?;
            let length = usize::try_from(i32::from_be_bytes(*length))?;
            let (value, after) = after.split_at_checked(length).ok_or("a range bound that is cut short")?;
            rest = after;
            let kind = match flags & inclusive {
                0 => RangeBoundKind::Exclusive,
                _ => RangeBoundKind::Inclusive,
            };
            Ok(Some((T::from_sql(element, value)?, kind)))
        };
        let lower = bound(LOWER_INCLUSIVE, LOWER_UNBOUNDED)?;
        let upper = bound(UPPER_INCLUSIVE, UPPER_UNBOUNDED)?;
        Ok(Self((lower, upper)))
    }

    fn accepts(ty: &Type) -> bool {
        element(ty).is_some_and(T::accepts)
    }
}

impl ToSql for DecimalValue {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        self.0.to_sql(ty, out)
    }

    fn accepts(ty: &Type) -> bool {
        <Decimal as ToSql>::accepts(ty)
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for DecimalValue {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, BoxError> {
        Ok(Self(Decimal::from_sql(ty, raw)?))
    }

    fn accepts(ty: &Type) -> bool {
        <Decimal as FromSql>::accepts(ty)
    }
}
