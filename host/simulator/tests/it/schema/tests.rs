//! The check finds mismatches, with a file of these tests.

use http::Method;
use serde_json::{Value, json};

use super::operation::Operation;

const FILE: &str = "
paths:
  /units:
    get:
      responses:
        '200':
          content:
            application/vnd.netbackup+json;version=10.0:
              schema:
                allOf:
                  - properties: { data: { properties: { id: { type: string } } } }
                  - $ref: '#/components/schemas/unit'
components:
  schemas:
    unit:
      type: object
      required: [data]
      properties:
        data:
          type: object
          properties:
            hold: { type: string, enum: [NO, YES] }
            size: { type: integer, nullable: true, minimum: 0, exclusiveMinimum: true }
            made: { type: string, format: date-time }
            note: { type: object }
            tags: { type: array, items: { properties: { key: { type: string } } } }
";

/// The mismatches of a unit: `place keyword`.
fn found(data: &Value) -> Vec<String> {
    let file: Value = serde_yaml::from_str(FILE).unwrap();
    let operation = Operation::find(&file, &file, "/units", &Method::GET).unwrap();
    let body = json!({ "data": data }).to_string();
    let media_type = "application/vnd.netbackup+json;version=14.0";
    let mismatches = operation
        .expected(200)
        .mismatches(media_type, body.as_bytes());
    let lines = mismatches
        .iter()
        .map(|one| format!("{} {}", one.place, one.keyword));
    lines.collect()
}

#[test]
fn a_matching_answer_passes() {
    let made = "2026-03-04T01:20:00.000Z";
    let note = json!({ "anything": 1 });
    let data = json!({ "id": "1", "hold": "NO", "size": null, "made": made, "note": note });
    assert_eq!(found(&data), Vec::<String>::new());
}

#[test]
fn each_mismatch_is_found_at_its_place() {
    let cases = [
        (json!({ "id": 1 }), "/data/id type"),
        (json!({ "hold": "OFF" }), "/data/hold enum"),
        (json!({ "size": 0 }), "/data/size anyOf"),
        (json!({ "made": "yesterday" }), "/data/made format"),
        (json!({ "hodl": "NO" }), "/data/hodl undocumented"),
        (
            json!({ "tags": [{ "kye": "" }] }),
            "/data/tags/*/kye undocumented",
        ),
    ];
    for (data, wanted) in cases {
        assert_eq!(found(&data), [wanted], "{data}");
    }
}

#[test]
fn an_operation_that_a_release_lacks_is_not_found() {
    let file: Value = serde_yaml::from_str(FILE).unwrap();
    assert!(Operation::find(&file, &file, "/units", &Method::POST).is_none());
    assert!(Operation::find(&file, &file, "/pools", &Method::GET).is_none());
}
