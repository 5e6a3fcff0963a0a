//! What the API says of the columns of a result.
//!
//! Members and numbers are those of
//! [`ColumnMetadata`](https://docs.aws.amazon.com/rdsdataservice/latest/APIReference/API_ColumnMetadata.html), which are
//! those of JDBC. Of the table that a column comes from, nothing is said: PostgreSQL tells a client its number alone.

use serde_json::{Value, json};
use tokio_postgres::{
    Column,
    types::{Kind, Type},
};

/// JDBC's `columnNullableUnknown`.
const NULLABLE_UNKNOWN: u8 = 2;
/// What PostgreSQL adds to the length of a `varchar` in its modifier.
const LENGTH_HEADER: i32 = 4;

/// What is said of a column.
pub fn of(column: &Column) -> Value {
    let kind = column.type_();
    let base = if let Kind::Array(element) = kind.kind() { code(element) } else { 0 };
    let (precision, scale) = size(kind, column.type_modifier());
    json!({
        "name": column.name(),
        "label": column.name(),
        "type": code(kind),
        "typeName": kind.name(),
        "arrayBaseColumnType": base,
        "nullable": NULLABLE_UNKNOWN,
        "precision": precision,
        "scale": scale,
        "isAutoIncrement": false,
        "isCaseSensitive": is_text(kind),
        "isCurrency": false,
        "isSigned": matches!(
            *kind,
            Type::INT2 | Type::INT4 | Type::INT8 | Type::FLOAT4 | Type::FLOAT8 | Type::NUMERIC
        ),
        "schemaName": "",
        "tableName": "",
    })
}

fn is_text(kind: &Type) -> bool {
    matches!(*kind, Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME)
}

/// The number in `java.sql.Types`.
fn code(kind: &Type) -> i32 {
    match *kind {
        _ if matches!(kind.kind(), Kind::Array(_)) => 2003,
        Type::BOOL => -7,
        Type::INT2 => 5,
        Type::INT4 => 4,
        Type::INT8 | Type::OID => -5,
        Type::FLOAT4 => 7,
        Type::FLOAT8 => 8,
        Type::NUMERIC => 2,
        Type::BPCHAR | Type::CHAR => 1,
        Type::TEXT | Type::VARCHAR | Type::NAME | Type::UNKNOWN => 12,
        _ if matches!(kind.kind(), Kind::Enum(_)) => 12,
        Type::BYTEA => -2,
        Type::DATE => 91,
        Type::TIME | Type::TIMETZ => 92,
        Type::TIMESTAMP | Type::TIMESTAMPTZ => 93,
        _ => 1111,
    }
}

/// Digits or characters, and digits after the point.
fn size(kind: &Type, modifier: i32) -> (i32, i32) {
    let declared = (modifier >= LENGTH_HEADER).then(|| modifier - LENGTH_HEADER);
    match *kind {
        Type::BOOL => (1, 0),
        Type::INT2 => (5, 0),
        Type::INT4 | Type::OID => (10, 0),
        Type::INT8 => (19, 0),
        Type::FLOAT4 => (8, 8),
        Type::FLOAT8 => (17, 17),
        Type::NUMERIC => declared.map_or((0, 0), |declared| (declared >> 16, declared & 0xFFFF)),
        Type::BPCHAR | Type::VARCHAR => (declared.unwrap_or(i32::MAX), 0),
        Type::DATE => (13, 0),
        Type::TIME => (15, 6),
        Type::TIMESTAMP => (29, 6),
        Type::TIMESTAMPTZ => (35, 6),
        _ => (i32::MAX, 0),
    }
}
