//! How the roster is asked for: filters, order and pages, as Django REST framework has them.

use std::cmp::Ordering;

use axum::http::Uri;
use serde::Serialize;

use super::fault::Fault;
use super::roster::Row;

const PAGE_SIZE_USUAL: usize = 25;
const PAGE_SIZE_MAX: usize = 100;
/// The name of the page that there is for certain.
const LAST: &str = "last";
const PAGE: &str = "page";

/// A part of the roster.
#[derive(Debug, Serialize)]
pub struct Page {
    /// Rows on all pages.
    count: usize,
    /// Whole addresses; none: there is no such page.
    next: Option<String>,
    previous: Option<String>,
    results: Vec<Row>,
}

/// What follows the question mark. What is not known is ignored, and of several values of one name the last counts.
pub struct Asked(Vec<(String, String)>);

impl Asked {
    pub fn of(uri: &Uri) -> Self {
        let query = uri.query().unwrap_or_default().as_bytes();
        Self(url::form_urlencoded::parse(query).into_owned().collect())
    }

    /// A value, unless it is empty.
    fn find(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().rfind(|(known, _)| known == name).map(|(_, value)| value.as_str());
        found.filter(|value| !value.is_empty())
    }

    /// The part of these rows that is asked for. `address` is where they were asked for.
    ///
    /// # Errors
    /// There is no such page.
    pub fn page(&self, mut rows: Vec<Row>, address: &str) -> Result<Page, Fault> {
        rows.retain(|row| self.wants(row));
        self.sort(&mut rows);
        let (count, size) = (rows.len(), self.size());
        let pages = count.div_ceil(size).max(1);
        let page = match self.find(PAGE).unwrap_or("1").trim() {
            LAST => pages,
            number => number.parse().map_err(|_| Fault::Page)?,
        };
        if !(1..=pages).contains(&page) {
            return Err(Fault::Page);
        }
        let results = rows.into_iter().skip((page - 1) * size).take(size).collect();
        let next = (page < pages).then(|| self.address_of(address, page + 1));
        let previous = (page > 1).then(|| self.address_of(address, page - 1));
        Ok(Page { count, next, previous, results })
    }

    fn wants(&self, row: &Row) -> bool {
        let found = self.find("search").map(str::to_lowercase);
        self.find("rank").is_none_or(|rank| rank == row.role)
            && self.find("role").is_none_or(|role| role == "all" || role == row.role)
            && found.is_none_or(|text| row.name.to_lowercase().contains(&text))
    }

    /// Sorts rows that stand by rank and name. Where several fields are named, the first counts most.
    fn sort(&self, rows: &mut [Row]) {
        let fields: Vec<&str> = self.find("ordering").unwrap_or_default().split(',').map(str::trim).collect();
        rows.sort_by(|one, other| {
            let compared = fields.iter().map(|field| compare(field, one, other));
            compared.fold(Ordering::Equal, Ordering::then)
        });
    }

    /// Rows of a page.
    fn size(&self) -> usize {
        let size = self.find("page_size").and_then(|size| size.trim().parse().ok()).filter(|size| *size > 0);
        size.map_or(PAGE_SIZE_USUAL, |size: usize| size.min(PAGE_SIZE_MAX))
    }

    /// The same question for another page; the first needs no number.
    fn address_of(&self, address: &str, page: usize) -> String {
        let mut pairs: Vec<_> = self.0.iter().filter(|(name, _)| name != PAGE).cloned().collect();
        if page > 1 {
            pairs.push((PAGE.to_owned(), page.to_string()));
        }
        pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
        if pairs.is_empty() {
            return address.to_owned();
        }
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        format!("{address}?{query}")
    }
}

/// How two rows stand by a field, with a dash before it the other way round. By what is the same of all, they stand as
/// they did: Steam's number, the time zone, and whether somebody is active.
fn compare(field: &str, one: &Row, other: &Row) -> Ordering {
    let by = |field: &str| match field {
        "name" => one.name.to_lowercase().cmp(&other.name.to_lowercase()),
        "rank_priority" => one.role_priority.cmp(&other.role_priority),
        "rank" => one.role.cmp(&other.role),
        _ => Ordering::Equal,
    };
    match field.strip_prefix('-') {
        Some(field) => by(field).reverse(),
        None => by(field),
    }
}
