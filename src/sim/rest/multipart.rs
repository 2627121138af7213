//! Bodies: JSON, a form with files beside the JSON (`multipart/form-data`), or, where tokens are asked for, the fields
//! of a form.

use serde_json::Value;

use super::errors::ApiError;
use super::{BODY_BYTES_MAX, Request};

const FIELDS: &str = "application/x-www-form-urlencoded";

/// A file of a form.
pub(in crate::sim) struct File {
    /// The number in `files[n]`.
    pub index: u64,
    pub filename: String,
    pub content_type: Option<String>,
    pub bytes: Vec<u8>,
}

/// The JSON and the files of a request. No body is null and no files.
pub(super) fn read_body(request: &Request) -> Result<(Value, Vec<File>), ApiError> {
    if request.body.is_empty() {
        return Ok((Value::Null, Vec::new()));
    }
    if request.body.len() > BODY_BYTES_MAX {
        return Err(ApiError { status: 413, code: 40_005, message: "Request entity too large", errors: None });
    }
    let kind = request.content_type.as_deref().unwrap_or_default();
    if let Some(boundary) = kind.strip_prefix("multipart/form-data").and_then(boundary) {
        return read_form(&request.body, &boundary);
    }
    if kind.starts_with(FIELDS) && request.path.ends_with("/oauth2/token") {
        let pairs = url::form_urlencoded::parse(&request.body);
        let fields = pairs.map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())));
        return Ok((Value::Object(fields.collect()), Vec::new()));
    }
    if !kind.starts_with("application/json") {
        let expected = "Expected \"Content-Type\" header to be one of {'application/json', 'multipart/form-data'}.";
        return Err(ApiError { status: 400, code: 50_035, message: expected, errors: None });
    }
    parse(&request.body).map(|json| (json, Vec::new()))
}

fn parse(bytes: &[u8]) -> Result<Value, ApiError> {
    serde_json::from_slice(bytes).map_err(|_| ApiError::INVALID_JSON)
}

fn boundary(parameters: &str) -> Option<String> {
    let value = parameters.split(';').find_map(|part| part.trim().strip_prefix("boundary="))?;
    Some(value.trim_matches('"').to_owned())
}

fn read_form(body: &[u8], boundary: &str) -> Result<(Value, Vec<File>), ApiError> {
    let fence = format!("--{boundary}").into_bytes();
    let (mut json, mut files) = (Value::Null, Vec::new());
    let mut rest = body;
    while let Some(start) = find(rest, &fence) {
        rest = &rest[start + fence.len()..];
        if rest.starts_with(b"--") {
            break;
        }
        let end = find(rest, &fence).unwrap_or(rest.len());
        let part = &rest[..end];
        let Some(gap) = find(part, b"\r\n\r\n") else { return Err(ApiError::INVALID_JSON) };
        let head = String::from_utf8_lossy(&part[..gap]).into_owned();
        let content = part[gap + 4..].strip_suffix(b"\r\n").unwrap_or(&part[gap + 4..]);
        let name = parameter(&head, "name").unwrap_or_default();
        if name == "payload_json" {
            json = parse(content)?;
        } else if let Some(filename) = parameter(&head, "filename") {
            let index = name.trim_start_matches("files[").trim_end_matches(']').parse().unwrap_or(0);
            let content_type = line(&head, "content-type:").map(str::to_owned);
            files.push(File { index, filename, content_type, bytes: content.to_vec() });
        }
    }
    Ok((json, files))
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn line<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let fits = |line: &&str| line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    head.lines().find(fits).map(|line| line[name.len()..].trim())
}

fn parameter(head: &str, name: &str) -> Option<String> {
    let disposition = line(head, "content-disposition:")?;
    let value = disposition.split(';').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))?;
    Some(value.trim_matches('"').to_owned())
}
