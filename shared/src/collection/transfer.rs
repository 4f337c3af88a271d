//! A collection as a file: JSON or CSV. What is written can be read back, and changes nothing then.

use serde_json::{Map, Value, json};

use super::entry::{Edit, Entry};
use super::marks::Marks;
use super::work::{COVERS, Work};
use crate::account::FieldError;

/// The columns of the CSV file, in the order in which they are written; read by their names, in any order.
const COLUMNS: [&str; 12] = [
    "subject_id",
    "name",
    "name_cn",
    "status",
    "rating",
    "comment",
    "tags",
    "private",
    "rewatch_count",
    "started_at",
    "finished_at",
    "episodes",
];

/// What a file says of one entry.
#[derive(Clone, Debug)]
pub struct Row {
    /// The work.
    pub subject_id: u32,
    /// The fields that it names.
    edit: Edit,
    /// The marks of all episodes, where it names any.
    marks: Option<Marks>,
    /// What it says of the work.
    work: Option<Work>,
}

/// A file that can't be read, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The file is none of the kind.
    #[error("the file can't be read: {0}")]
    Format(String),
    /// One of its rows is wrong.
    #[error("row {row}, {field}: {message}")]
    Row {
        /// Which one: the first is 1.
        row: usize,
        /// What of it.
        field: &'static str,
        /// How it is to be.
        message: &'static str,
    },
}

impl Row {
    /// The entry after it was read; nothing where there is none and none can be made of it.
    fn apply(&self, before: Option<&Entry>, blank: impl FnOnce() -> Entry) -> Entry {
        let mut entry = self.edit.clone().patch(&before.cloned().unwrap_or_else(blank));
        if let Some(marks) = &self.marks {
            entry.marks = marks.clone();
        }
        if entry.work.is_none() {
            entry.work.clone_from(&self.work);
        }
        entry
    }

    /// The entry as the file wants it, over what is here.
    pub fn over(&self, before: &Entry) -> Entry {
        Entry { work: before.work.clone(), ..self.apply(Some(before), || before.clone()) }
    }

    /// A new entry, where the file says enough for one: its status.
    pub fn new_entry(&self, now: crate::clock::Millis) -> Option<Entry> {
        let status = self.edit.status()?;
        Some(self.apply(None, || Entry::new(self.subject_id, status, now)))
    }

    fn read(at: usize, object: &Map<String, Value>, marks: Option<&Value>) -> Result<Self, TransferError> {
        let wrong = |field, message| TransferError::Row { row: at, field, message };
        let id = object.get("subject_id").and_then(Value::as_u64).and_then(|id| u32::try_from(id).ok());
        let subject_id = id.filter(|id| *id > 0);
        let subject_id =
            subject_id.ok_or_else(|| wrong("subject_id", "must be a whole number from 1 to 4294967295"))?;
        let edit = Edit::parse(object).map_err(|errors| match errors.first() {
            Some(FieldError { field, message, .. }) => wrong(field, message),
            None => wrong("status", "must be wish, watching, done, on_hold or dropped"),
        })?;
        let marks = marks.filter(|marks| !marks.is_null()).map(|marks| serde_json::from_value(marks.clone()));
        let marks = marks.transpose().map_err(|_| wrong("episodes", "must be as it was exported, or left out"))?;
        Ok(Self { subject_id, edit, marks, work: object.get("subject").and_then(work) })
    }
}

fn work(value: &Value) -> Option<Work> {
    let text = |name| value.get(name).and_then(Value::as_str).unwrap_or_default().chars().take(200).collect::<String>();
    let cover = text("cover").strip_prefix(&format!("{COVERS}/r/400")).map(str::to_owned).unwrap_or_default();
    let work = Work {
        name: text("name"),
        name_cn: text("name_cn"),
        date: Some(text("date")).filter(|date| !date.is_empty()),
        episodes: value.get("episodes").and_then(Value::as_u64).and_then(|episodes| u32::try_from(episodes).ok()),
        cover,
    };
    (!work.title().is_empty()).then_some(work)
}

/// Entries in JSON.
pub fn to_json(entries: &[Entry]) -> Vec<Value> {
    let each = |entry: &Entry| {
        let mut json = entry.to_json();
        if let Some(members) = json.as_object_mut() {
            members.insert("episodes".to_owned(), json!(entry.marks));
        }
        json
    };
    entries.iter().map(each).collect()
}

/// Reads what [`to_json`] wrote, in `{"items": […]}`.
///
/// # Errors
/// [`TransferError`].
pub fn from_json(text: &[u8]) -> Result<Vec<Row>, TransferError> {
    let format = |text: &str| TransferError::Format(text.to_owned());
    let value: Value = serde_json::from_slice(text).map_err(|error| TransferError::Format(error.to_string()))?;
    let items = value
        .get("items")
        .and_then(Value::as_array)
        .ok_or_else(|| format("it must be {\"items\": […]}, as it was exported"))?;
    let row = |(at, item): (usize, &Value)| {
        let wrong = TransferError::Row { row: at, field: "", message: "must be an object" };
        let object = item.as_object().ok_or(wrong)?;
        Row::read(at, object, object.get("episodes"))
    };
    (1..).zip(items).map(row).collect()
}

/// Entries in CSV (RFC 4180), with a header. Tags are a row of CSV in themselves.
///
/// # Errors
/// [`TransferError::Format`], never so far.
pub fn to_csv(entries: &[Entry]) -> Result<String, TransferError> {
    let format = |error: csv::Error| TransferError::Format(error.to_string());
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).map_err(format)?;
    for entry in entries {
        let work = entry.work.clone().unwrap_or_default();
        let number = |number: Option<u8>| number.map(|number| number.to_string()).unwrap_or_default();
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let marks = if entry.marks.is_empty() { String::new() } else { json!(entry.marks).to_string() };
        let record = [
            entry.subject_id.to_string(),
            work.name,
            work.name_cn,
            entry.status.as_str().to_owned(),
            number(entry.rating),
            text(&entry.comment),
            tags_to_cell(&entry.tags).map_err(format)?,
            entry.private.to_string(),
            entry.rewatch_count.to_string(),
            text(&entry.started_at),
            text(&entry.finished_at),
            marks,
        ];
        writer.write_record(record).map_err(format)?;
    }
    let bytes = writer.into_inner().map_err(|error| TransferError::Format(error.to_string()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Reads what [`to_csv`] wrote. Columns that are missing leave their fields as they are; an empty cell empties one.
///
/// # Errors
/// [`TransferError`].
pub fn from_csv(text: &[u8]) -> Result<Vec<Row>, TransferError> {
    let format = |error: csv::Error| TransferError::Format(error.to_string());
    // Spreadsheets write a mark before the text.
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    let mut reader = csv::Reader::from_reader(text);
    let names = reader.headers().map_err(format)?.clone();
    if !names.iter().any(|name| name == "subject_id") {
        return Err(TransferError::Format("its first line must name the columns, subject_id among them".to_owned()));
    }
    let mut rows = Vec::new();
    for (at, record) in (1..).zip(reader.records()) {
        let record = record.map_err(format)?;
        let mut object = Map::new();
        for (name, cell) in names.iter().zip(&record) {
            let value = match name {
                "subject_id" | "rating" | "rewatch_count" => number(cell),
                "comment" | "started_at" | "finished_at" if cell.is_empty() => Value::Null,
                "tags" => tags_of_cell(cell).map_err(format)?.into(),
                "episodes" if cell.is_empty() => json!({}),
                // What is no JSON is no marks either.
                "episodes" => serde_json::from_str(cell).unwrap_or_else(|_| cell.into()),
                "private" => cell.parse::<bool>().map_or_else(|_| cell.into(), Value::from),
                _ => cell.into(),
            };
            object.insert(name.to_owned(), value);
        }
        if object.get("rewatch_count").is_some_and(Value::is_null) {
            object.remove("rewatch_count");
        }
        let names: Map<String, Value> = ["name", "name_cn"]
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), object.get(name)?.clone())))
            .collect();
        object.insert("subject".to_owned(), names.into());
        rows.push(Row::read(at, &object, object.get("episodes"))?);
    }
    Ok(rows)
}

/// A whole number, nothing, or what it can't be.
fn number(cell: &str) -> Value {
    match cell.trim() {
        "" => Value::Null,
        digits => digits.parse::<u64>().map_or_else(|_| cell.into(), Value::from),
    }
}

fn tags_to_cell(tags: &[String]) -> Result<String, csv::Error> {
    if tags.is_empty() {
        return Ok(String::new());
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(tags)?;
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_owned())
}

fn tags_of_cell(cell: &str) -> Result<Vec<String>, csv::Error> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(cell.as_bytes());
    let first = reader.records().next().transpose()?;
    Ok(first.iter().flatten().map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::super::{Mark, Marked, Status};
    use super::*;
    use crate::clock::Millis;

    fn entry() -> Entry {
        let mut entry = Entry {
            rating: Some(9),
            comment: Some("=1+1, \"好\"\n第二行".into()),
            tags: vec!["京アニ".into(), "a, b".into(), "\"q\"".into()],
            private: true,
            rewatch_count: 2,
            started_at: Some("2026-01-01".into()),
            work: Some(Work {
                name: "クラナド".into(),
                episodes: Some(22),
                cover: "/pic/1.jpg".into(),
                ..Work::default()
            }),
            ..Entry::new(12, Status::Watching, Millis(5))
        };
        entry.marks.set(30, Some(Marked { mark: Mark::Done, main: true }));
        entry.marks.set(31, Some(Marked { mark: Mark::Wish, main: false }));
        entry
    }

    #[test]
    fn what_is_written_is_read_back_and_changes_nothing() {
        let all = [entry(), Entry::new(13, Status::Wish, Millis(5))];
        let csv = to_csv(&all).unwrap();
        let json = json!({ "items": to_json(&all) }).to_string();
        for rows in [from_csv(csv.as_bytes()).unwrap(), from_json(json.as_bytes()).unwrap()] {
            assert_eq!(rows.len(), 2);
            for (row, entry) in rows.iter().zip(&all) {
                assert_eq!(row.over(entry), *entry, "{csv}");
                let new = row.new_entry(Millis(5)).unwrap();
                assert_eq!((new.fields(), new.rewatch_count), (entry.fields(), entry.rewatch_count));
                assert_eq!(new.work.map(|work| work.name), entry.work.clone().map(|work| work.name));
            }
        }
    }

    #[test]
    fn what_is_wrong_is_named_by_its_row() {
        let wrong = |text: &str| from_csv(text.as_bytes()).unwrap_err().to_string();
        assert!(wrong("id,status\n1,wish\n").contains("subject_id"));
        assert_eq!(
            wrong("subject_id,status\n1,wish\n2,seen\n"),
            "row 2, status: must be wish, watching, done, on_hold or dropped"
        );
        assert!(wrong("subject_id,rating\n1,11\n").starts_with("row 1, rating"));
        assert!(wrong("subject_id,episodes\n1,all\n").starts_with("row 1, episodes"));
        assert!(wrong("subject_id,status\n0,wish\n").starts_with("row 1, subject_id"));
        assert!(from_json(b"{").is_err() && from_json(b"{}").is_err() && from_json(b"[1]").is_err());
        // Other columns than ours, another order, and a spreadsheet's mark.
        let rows = from_csv("\u{feff}mine,status,subject_id\nx,done,7\n".as_bytes()).unwrap();
        assert_eq!(rows[0].over(&entry()).rating, Some(9), "what is not named stays");
        assert!(from_csv(b"subject_id,rating\n7,5\n").unwrap()[0].new_entry(Millis(0)).is_none());
    }
}
