//! The users of a file in batches as DynamoDB takes them, and the lines that are no users.

use serde::Serialize;
use serde_json::{Map, Value};

use super::issued::IssuedTokens;
use super::records::{Reason, Record, Records};
use crate::aws::user_token_items::{InvalidItem, UserTokenItem};
use crate::aws::user_token_table::MAX_BATCH;
use crate::problem::Problem;
use crate::token::new;

/// A batch ends at this many bad lines, so that a file full of them is reported as it is read.
const MAX_BAD_LINES: usize = 100;

/// A line that is no user.
#[derive(Debug, Serialize)]
pub struct BadLine {
    /// Its number, from 1 on.
    pub line: u64,
    /// What is wrong with it, without a value of it.
    pub reason: Reason,
}

/// Consecutive lines of a file. No token hash is in it twice, which DynamoDB would refuse.
#[derive(Debug, Default)]
pub struct Batch {
    /// What is to be stored, at most [`MAX_BATCH`] of it.
    pub items: Vec<UserTokenItem>,
    /// The number of each item's line.
    pub lines: Vec<u64>,
    /// What is to be reported.
    pub bad_lines: Vec<BadLine>,
    /// How many tokens were issued for it.
    pub issued: u64,
    /// The number of its last line, which with all lines before it is stored or reported once this batch is.
    pub last_line: u64,
    /// How many bytes of the file end with that line.
    pub end: u64,
}

impl Batch {
    fn holds(&self, item: &UserTokenItem) -> bool {
        self.items.iter().any(|known| known.token_hash() == item.token_hash())
    }
}

/// What becomes of a user without a token.
pub enum Tokens {
    /// It is a bad line.
    Demanded,
    /// It gets one, which is forgotten: nothing is stored.
    Pretended,
    /// It gets one, which is kept.
    Issued(IssuedTokens),
}

/// A line that was read.
struct Read {
    record: Record,
    item: Result<UserTokenItem, Reason>,
    is_issued: bool,
}

/// Reads batch after batch.
pub struct Batches {
    records: Records,
    tokens: Tokens,
    /// Read already, and of the next batch.
    next: Option<Read>,
}

impl Batches {
    /// The batches of `records`.
    #[must_use]
    pub fn new(records: Records, tokens: Tokens) -> Self {
        Self { records, tokens, next: None }
    }

    /// The next batch; `None` at the end of the file. The tokens that were issued for it are on the disk.
    ///
    /// # Errors
    /// When the file cannot be read or the issued tokens cannot be kept.
    pub fn next(&mut self) -> Result<Option<Batch>, Problem> {
        let mut batch = Batch::default();
        while batch.items.len() < MAX_BATCH && batch.bad_lines.len() < MAX_BAD_LINES {
            let Some(Read { record, item, is_issued }) = self.read()? else { break };
            match item {
                Ok(item) if batch.holds(&item) => {
                    self.next = Some(Read { record, item: Ok(item), is_issued });
                    break;
                }
                Ok(item) => {
                    batch.items.push(item);
                    batch.lines.push(record.line);
                }
                Err(reason) => batch.bad_lines.push(BadLine { line: record.line, reason }),
            }
            batch.issued += u64::from(is_issued);
            (batch.last_line, batch.end) = (record.last_line, record.end);
        }
        if let Tokens::Issued(tokens) = &mut self.tokens {
            tokens.make_safe()?;
        }
        Ok((batch.last_line > 0).then_some(batch))
    }

    fn read(&mut self) -> Result<Option<Read>, Problem> {
        if let Some(next) = self.next.take() {
            return Ok(Some(next));
        }
        let record = self.records.next().map_err(|error| Problem(format!("the file cannot be read on: {error}")))?;
        let Some(mut record) = record else { return Ok(None) };
        let fields = std::mem::replace(&mut record.fields, Ok(Map::new()));
        let (item, is_issued) = match fields {
            Err(reason) => (Err(reason), false),
            Ok(fields) if fields.contains_key("token") || fields.contains_key("token_hash") => (item(fields), false),
            Ok(fields) => self.item_with_token(record.line, fields)?,
        };
        Ok(Some(Read { record, item, is_issued }))
    }

    /// Only a token whose item is good is kept.
    fn item_with_token(
        &mut self,
        line: u64,
        mut fields: Map<String, Value>,
    ) -> Result<(Result<UserTokenItem, Reason>, bool), Problem> {
        let external_id = fields.get("external_id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let (token, is_new) = match &mut self.tokens {
            Tokens::Demanded => return Ok((item(fields), false)),
            Tokens::Pretended => (new::random()?, true),
            Tokens::Issued(tokens) => tokens.token(line, &external_id)?,
        };
        fields.insert("token".into(), Value::from(token.as_str()));
        let item = item(fields);
        let is_issued = is_new && item.is_ok();
        if let (Tokens::Issued(tokens), true) = (&mut self.tokens, is_issued) {
            tokens.keep(line, &external_id, &token)?;
        }
        Ok((item, is_issued))
    }
}

fn item(fields: Map<String, Value>) -> Result<UserTokenItem, Reason> {
    UserTokenItem::from_json(fields).map_err(|invalid| match invalid {
        // Not the list of all fields on every line, and no name that could be something else by mistake.
        InvalidItem::UnknownField(name)
            if name.len() <= 32 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') =>
        {
            format!("there is no field `{name}`")
        }
        InvalidItem::UnknownField(_) => "it has a field that there is not".into(),
        invalid => invalid.to_string(),
    })
}
