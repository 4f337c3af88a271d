//! In which order somebody wants their entries.

use std::cmp::Ordering;

use super::entry::Entry;

/// By what entries are in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// When they last changed: the table has them in this order.
    #[default]
    UpdatedAt,
    /// When they were added.
    CreatedAt,
    /// How they are rated.
    Rating,
    /// When the work began.
    Date,
    /// What the work is called: by its Chinese name, where it has one.
    Title,
}

/// Where an entry stands in an order: what it goes by, and its number among those that are alike.
pub type Rank = (String, u32);

impl Sort {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::UpdatedAt, Self::CreatedAt, Self::Rating, Self::Date, Self::Title];

    /// As a query names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UpdatedAt => "updated_at",
            Self::CreatedAt => "created_at",
            Self::Rating => "rating",
            Self::Date => "date",
            Self::Title => "title",
        }
    }

    /// Reads an order, and whether it is descending: with `-` before it.
    pub fn parse(text: &str) -> Option<(Self, bool)> {
        let (name, descending) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
        Self::ALL.into_iter().find(|sort| sort.as_str() == name).map(|sort| (sort, descending))
    }

    /// Where an entry stands; what it goes by is empty, where it has nothing of the kind.
    pub fn rank(self, entry: &Entry) -> Rank {
        let work = entry.work.as_ref();
        let by = match self {
            Self::UpdatedAt => format!("{:013}", entry.updated_at.0),
            Self::CreatedAt => format!("{:013}", entry.created_at.0),
            Self::Rating => entry.rating.map(|rating| format!("{rating:02}")).unwrap_or_default(),
            Self::Date => {
                work.filter(|work| work.year().is_some()).and_then(|work| work.date.clone()).unwrap_or_default()
            }
            Self::Title => work.map(|work| work.title().to_lowercase()).unwrap_or_default(),
        };
        (by, entry.subject_id)
    }
}

/// Who comes first. Whoever has nothing to go by comes last, whichever way it goes.
pub fn compare(one: &Rank, other: &Rank, descending: bool) -> Ordering {
    let order = one.cmp(other);
    let order = if descending { order.reverse() } else { order };
    one.0.is_empty().cmp(&other.0.is_empty()).then(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_nothing_to_go_by_comes_last_both_ways() {
        let rank = |text: &str, id| (text.to_owned(), id);
        let mut ranks = [rank("", 1), rank("09", 2), rank("03", 3), rank("", 4), rank("09", 5)];
        ranks.sort_by(|one, other| compare(one, other, false));
        assert_eq!(ranks.iter().map(|rank| rank.1).collect::<Vec<_>>(), [3, 2, 5, 1, 4]);
        ranks.sort_by(|one, other| compare(one, other, true));
        assert_eq!(ranks.iter().map(|rank| rank.1).collect::<Vec<_>>(), [5, 2, 3, 4, 1]);
        assert_eq!(Sort::parse("-title"), Some((Sort::Title, true)));
        assert_eq!(Sort::parse("--title"), None);
    }
}
