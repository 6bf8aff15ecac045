//! Values between WIT and PostgreSQL, in both directions. Which types map to which is Spin's table; a type
//! outside it arrives as the raw bytes of `unsupported`.

use std::error::Error as StdError;

use anyhow::{Context, Result, anyhow};
use bytes::{Buf, BufMut, BytesMut};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Utc};
use rust_decimal::Decimal;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use uuid::Uuid;

use crate::postgres::ranges::{DecimalValue, Range};
use crate::wit::postgres::{Column, DbDataType, DbValue, Interval, ParameterValue};

type BoxError = Box<dyn StdError + Sync + Send>;
pub(crate) type Parameter = Box<dyn ToSql + Send + Sync>;

/// # Errors
/// A date that does not exist, JSON, a UUID or a decimal that cannot be read.
pub(crate) fn parameter(value: &ParameterValue) -> Result<Parameter> {
    Ok(match value {
        ParameterValue::Boolean(v) => Box::new(*v),
        ParameterValue::Int8(v) => Box::new(*v),
        ParameterValue::Int16(v) => Box::new(*v),
        ParameterValue::Int32(v) => Box::new(*v),
        ParameterValue::Int64(v) => Box::new(*v),
        ParameterValue::Floating32(v) => Box::new(*v),
        ParameterValue::Floating64(v) => Box::new(*v),
        ParameterValue::Str(v) => Box::new(v.clone()),
        ParameterValue::Binary(v) => Box::new(v.clone()),
        ParameterValue::Date((year, month, day)) => Box::new(date(*year, *month, *day)?),
        ParameterValue::Time((hour, minute, second, nano)) => Box::new(time(*hour, *minute, *second, *nano)?),
        ParameterValue::Datetime((year, month, day, hour, minute, second, nano)) => {
            Box::new(NaiveDateTime::new(date(*year, *month, *day)?, time(*hour, *minute, *second, *nano)?))
        }
        ParameterValue::Timestamp(v) => Box::new(
            DateTime::<Utc>::from_timestamp(*v, 0).ok_or_else(|| anyhow!("invalid epoch timestamp {v}"))?,
        ),
        ParameterValue::Uuid(v) => Box::new(Uuid::parse_str(v).with_context(|| format!("invalid UUID {v}"))?),
        ParameterValue::Jsonb(v) => Box::new(
            serde_json::from_slice::<serde_json::Value>(v)
                .with_context(|| format!("invalid JSON {}", String::from_utf8_lossy(v)))?,
        ),
        ParameterValue::Decimal(v) => Box::new(decimal(v)?),
        ParameterValue::RangeInt32(v) => Box::new(Range(*v)),
        ParameterValue::RangeInt64(v) => Box::new(Range(*v)),
        ParameterValue::RangeDecimal(v) => Box::new(Range::decimal(v)?),
        ParameterValue::ArrayInt32(v) => Box::new(v.clone()),
        ParameterValue::ArrayInt64(v) => Box::new(v.clone()),
        ParameterValue::ArrayDecimal(v) => Box::new(
            v.iter().map(|item| item.as_deref().map(decimal).transpose()).collect::<Result<Vec<_>>>()?,
        ),
        ParameterValue::ArrayStr(v) => Box::new(v.clone()),
        ParameterValue::Interval(v) => Box::new(IntervalValue(*v)),
        ParameterValue::DbNull => Box::new(Null),
    })
}

pub(crate) fn columns(row: &Row) -> Vec<Column> {
    let column = |column: &tokio_postgres::Column| Column {
        name: column.name().to_owned(),
        data_type: data_type(column.type_()),
    };
    row.columns().iter().map(column).collect()
}

/// # Errors
/// A value outside what WIT can hold.
pub(crate) fn row(row: &Row) -> Result<Vec<DbValue>> {
    (0..row.len()).map(|index| value(row, index)).collect()
}

fn data_type(ty: &Type) -> DbDataType {
    match *ty {
        Type::BOOL => DbDataType::Boolean,
        Type::BYTEA => DbDataType::Binary,
        Type::FLOAT4 => DbDataType::Floating32,
        Type::FLOAT8 => DbDataType::Floating64,
        Type::INT2 => DbDataType::Int16,
        Type::INT4 => DbDataType::Int32,
        Type::INT8 => DbDataType::Int64,
        Type::TEXT | Type::VARCHAR | Type::BPCHAR => DbDataType::Str,
        Type::TIMESTAMP | Type::TIMESTAMPTZ => DbDataType::Datetime,
        Type::DATE => DbDataType::Date,
        Type::TIME => DbDataType::Time,
        Type::UUID => DbDataType::Uuid,
        Type::JSONB => DbDataType::Jsonb,
        Type::NUMERIC => DbDataType::Decimal,
        Type::INT4_RANGE => DbDataType::RangeInt32,
        Type::INT8_RANGE => DbDataType::RangeInt64,
        Type::NUM_RANGE => DbDataType::RangeDecimal,
        Type::INT4_ARRAY => DbDataType::ArrayInt32,
        Type::INT8_ARRAY => DbDataType::ArrayInt64,
        Type::NUMERIC_ARRAY => DbDataType::ArrayDecimal,
        Type::TEXT_ARRAY | Type::VARCHAR_ARRAY | Type::BPCHAR_ARRAY => DbDataType::ArrayStr,
        Type::INTERVAL => DbDataType::Interval,
        _ => DbDataType::Other(ty.name().to_owned()),
    }
}

fn value(row: &Row, index: usize) -> Result<DbValue> {
    let column = row.columns().get(index).context("a column is missing")?;
    match *column.type_() {
        Type::BOOL => read(row, index, DbValue::Boolean),
        Type::BYTEA => read(row, index, DbValue::Binary),
        Type::FLOAT4 => read(row, index, DbValue::Floating32),
        Type::FLOAT8 => read(row, index, DbValue::Floating64),
        Type::INT2 => read(row, index, DbValue::Int16),
        Type::INT4 => read(row, index, DbValue::Int32),
        Type::INT8 => read(row, index, DbValue::Int64),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR => read(row, index, DbValue::Str),
        // Spin reads both as a date and time without a zone, and tokio-postgres allows that for TIMESTAMP
        // only: a TIMESTAMPTZ column is an error there, so it is one here. Guests select its epoch instead.
        Type::TIMESTAMP | Type::TIMESTAMPTZ => read(row, index, datetime),
        Type::DATE => {
            read(row, index, |v: NaiveDate| DbValue::Date((v.year(), byte(v.month()), byte(v.day()))))
        }
        Type::TIME => read(row, index, |v: NaiveTime| {
            DbValue::Time((byte(v.hour()), byte(v.minute()), byte(v.second()), v.nanosecond()))
        }),
        Type::UUID => read(row, index, |v: Uuid| DbValue::Uuid(v.to_string())),
        Type::JSONB => read(row, index, |v: serde_json::Value| DbValue::Jsonb(v.to_string().into_bytes())),
        Type::NUMERIC => read(row, index, |v: Decimal| DbValue::Decimal(v.to_string())),
        Type::INT4_RANGE => read(row, index, |v: Range<i32>| DbValue::RangeInt32(v.0)),
        Type::INT8_RANGE => read(row, index, |v: Range<i64>| DbValue::RangeInt64(v.0)),
        Type::NUM_RANGE => read(row, index, |v: Range<DecimalValue>| DbValue::RangeDecimal(v.into_text())),
        Type::INT4_ARRAY => read(row, index, DbValue::ArrayInt32),
        Type::INT8_ARRAY => read(row, index, DbValue::ArrayInt64),
        Type::NUMERIC_ARRAY => read(row, index, |v: Vec<Option<Decimal>>| {
            DbValue::ArrayDecimal(v.iter().map(|item| item.map(|d| d.to_string())).collect())
        }),
        Type::TEXT_ARRAY | Type::VARCHAR_ARRAY | Type::BPCHAR_ARRAY => read(row, index, DbValue::ArrayStr),
        Type::INTERVAL => read(row, index, |v: IntervalValue| DbValue::Interval(v.0)),
        _ => read(row, index, |v: Raw| DbValue::Unsupported(v.0)),
    }
}

fn read<'a, T: FromSql<'a>>(row: &'a Row, index: usize, wrap: impl Fn(T) -> DbValue) -> Result<DbValue> {
    Ok(row.try_get::<_, Option<T>>(index)?.map_or(DbValue::DbNull, wrap))
}

fn datetime(v: NaiveDateTime) -> DbValue {
    DbValue::Datetime((
        v.year(),
        byte(v.month()),
        byte(v.day()),
        byte(v.hour()),
        byte(v.minute()),
        byte(v.second()),
        v.nanosecond(),
    ))
}

/// Months, days, hours, minutes and seconds fit by their nature.
fn byte(value: u32) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
}

fn date(year: i32, month: u8, day: u8) -> Result<NaiveDate> {
    NaiveDate::from_ymd_opt(year, month.into(), day.into())
        .ok_or_else(|| anyhow!("invalid date y={year}, m={month}, d={day}"))
}

fn time(hour: u8, minute: u8, second: u8, nano: u32) -> Result<NaiveTime> {
    NaiveTime::from_hms_nano_opt(hour.into(), minute.into(), second.into(), nano)
        .ok_or_else(|| anyhow!("invalid time {hour}:{minute}:{second}:{nano}"))
}

pub(crate) fn decimal(text: &str) -> Result<Decimal> {
    Decimal::from_str_exact(text).with_context(|| format!("invalid decimal {text}"))
}

/// SQL's NULL for a column of any type; an `Option` of one Rust type would be refused by the others.
#[derive(Debug)]
struct Null;

impl ToSql for Null {
    fn to_sql(&self, _: &Type, _: &mut BytesMut) -> Result<IsNull, BoxError> {
        Ok(IsNull::Yes)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// The bytes of a type that WIT has no name for.
#[derive(Debug)]
struct Raw(Vec<u8>);

impl FromSql<'_> for Raw {
    fn from_sql(_: &Type, raw: &[u8]) -> Result<Self, BoxError> {
        Ok(Self(raw.to_vec()))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

#[derive(Debug)]
struct IntervalValue(Interval);

impl ToSql for IntervalValue {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        out.put_i64(self.0.micros);
        out.put_i32(self.0.days);
        out.put_i32(self.0.months);
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::INTERVAL
    }

    to_sql_checked!();
}

impl FromSql<'_> for IntervalValue {
    fn from_sql(_: &Type, mut raw: &[u8]) -> Result<Self, BoxError> {
        if raw.len() != 16 {
            return Err("unexpected binary format for Postgres INTERVAL".into());
        }
        Ok(Self(Interval { micros: raw.get_i64(), days: raw.get_i32(), months: raw.get_i32() }))
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::INTERVAL
    }
}

/// What a value counts against the limit of a result's size.
pub(crate) fn size(value: &DbValue) -> usize {
    let payload = match value {
        DbValue::Str(v) | DbValue::Uuid(v) | DbValue::Decimal(v) => v.len(),
        DbValue::Binary(v) | DbValue::Jsonb(v) | DbValue::Unsupported(v) => v.len(),
        DbValue::ArrayInt32(v) => size_of_val(v.as_slice()),
        DbValue::ArrayInt64(v) => size_of_val(v.as_slice()),
        DbValue::ArrayDecimal(v) | DbValue::ArrayStr(v) => {
            size_of_val(v.as_slice()) + v.iter().flatten().map(String::len).sum::<usize>()
        }
        _ => 0,
    };
    size_of::<DbValue>() + payload
}
