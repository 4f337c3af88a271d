//! The merge's promises, for entries that nobody thought of.

use proptest::prelude::*;

use super::entry::Status;
use super::fields::{Base, Fields};
use super::marks::{Mark, Marked, Marks};
use super::merge::{
    Choice, Deleted, Direction, Field, Merged, OnDelete, Rule, Settings, Side, is_same, merge, merge_deleted, settle,
};
use crate::clock::Millis;

const ACCOUNT: &str = "42";

fn fields() -> impl Strategy<Value = Fields> {
    let tags = prop::sample::subsequence(vec!["百合", "日常", "神", "ＴＶ", "TV", "two words"], 0..5);
    let marks = prop::collection::btree_map(1u32..6, (0usize..3, any::<bool>()), 0..5);
    let comment = prop::option::of(prop::sample::select(vec!["好", " 好 ", "", "坏"]));
    (0usize..5, prop::option::of(1u8..4), comment, tags, any::<bool>(), marks).prop_map(
        |(status, rating, comment, tags, private, marks)| Fields {
            status: Status::ALL[status],
            rating,
            comment: comment.map(str::to_owned),
            tags: tags.into_iter().map(str::to_owned).collect(),
            private,
            marks: marks.into_iter().map(|(id, (mark, main))| (id, Marked { mark: Mark::ALL[mark], main })).collect(),
        },
    )
}

/// As Bangumi has one.
fn fields_there() -> impl Strategy<Value = Fields> {
    fields().prop_map(|fields| fields.as_held_there())
}

fn base() -> impl Strategy<Value = Base> {
    let agreed = fields_there().prop_map(|fields| Base::agreed(ACCOUNT, &Side { fields, changed_at: Millis(0) }));
    prop_oneof![1 => Just(Base::blank(ACCOUNT)), 4 => agreed]
}

/// Sides that have much in common with the base, as in life.
fn sides() -> impl Strategy<Value = (Base, Side, Side)> {
    let change = |fields: Fields, other: Fields, which: u8| Fields {
        status: if which & 1 == 0 { fields.status } else { other.status },
        rating: if which & 2 == 0 { fields.rating } else { other.rating },
        comment: if which & 4 == 0 { fields.comment } else { other.comment },
        tags: if which & 8 == 0 { fields.tags } else { other.tags },
        private: if which & 16 == 0 { fields.private } else { other.private },
        marks: if which & 32 == 0 { fields.marks } else { other.marks },
    };
    (base(), fields_there(), fields(), fields_there(), any::<(u8, u8)>(), 1i64..4, 1i64..4).prop_map(
        move |(base, blank, mine, theirs, (here, there), at, other)| {
            let before = before(&base).unwrap_or(blank);
            let mine = Side { fields: change(before.clone(), mine, here), changed_at: Millis(at) };
            let theirs = Side { fields: change(before, theirs, there), changed_at: Millis(other) };
            (base, mine, theirs)
        },
    )
}

fn before(base: &Base) -> Option<Fields> {
    let Base { status, rating, comment, tags, private, marks, .. } = base.clone();
    Some(Fields { status: status?, rating, comment, tags, private, marks })
}

fn settings() -> impl Strategy<Value = Settings> {
    let direction = prop::sample::select(vec![Direction::Off, Direction::Pull, Direction::Push, Direction::Both]);
    let rule = prop::sample::select(vec![Rule::Newest, Rule::Mine, Rule::Theirs, Rule::Ask]);
    let deletions = prop::sample::select(vec![OnDelete::Keep, OnDelete::Dropped]);
    (direction, rule, deletions).prop_map(|(direction, conflicts, deletions)| Settings {
        direction,
        conflicts,
        deletions,
    })
}

fn both(conflicts: Rule) -> Settings {
    Settings { direction: Direction::Both, conflicts, deletions: OnDelete::Keep }
}

const FIELDS: [Field; 6] = [Field::Status, Field::Rating, Field::Comment, Field::Tags, Field::Private, Field::Episodes];

fn again(merged: &Merged, mine: &Side, theirs: &Side, settings: Settings) -> Merged {
    let mine = Side { fields: merged.mine.clone(), ..mine.clone() };
    let theirs = Side { fields: merged.theirs.clone(), ..theirs.clone() };
    merge(&merged.base, &mine, &theirs, settings)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn merging_twice_is_merging_once((base, mine, theirs) in sides(), settings in settings()) {
        let once = merge(&base, &mine, &theirs, settings);
        prop_assert_eq!(&again(&once, &mine, &theirs, settings), &once);
    }

    #[test]
    fn both_sides_are_the_same_after_a_merge_but_for_what_is_asked((base, mine, theirs) in sides(), rule in 0usize..4) {
        let rule = [Rule::Newest, Rule::Mine, Rule::Theirs, Rule::Ask][rule];
        let merged = merge(&base, &mine, &theirs, both(rule));
        for field in FIELDS {
            let settled = is_same(field, &merged.mine, &merged.theirs);
            prop_assert_eq!(settled, !merged.asked.contains(&field), "{:?}", field);
        }
        prop_assert!(rule == Rule::Ask || merged.asked.is_empty());
        if merged.asked.is_empty() {
            prop_assert!(merged.base.is(&merged.mine) && merged.base.is(&merged.theirs));
        }
    }

    #[test]
    fn what_changed_here_alone_goes_there_and_the_other_way_round(
        before in fields_there(), after in fields(), there in fields_there(), rule in 0usize..4,
    ) {
        let rule = [Rule::Newest, Rule::Mine, Rule::Theirs, Rule::Ask][rule];
        let unchanged = Side { fields: before, changed_at: Millis(9) };
        let base = Base::agreed(ACCOUNT, &unchanged);
        let mine = Side { fields: after.clone(), changed_at: Millis(1) };
        let merged = merge(&base, &mine, &unchanged, both(rule));
        prop_assert_eq!(&merged.mine, &after);
        prop_assert!(merged.base.is(&merged.theirs) && merged.base.is(&after) && merged.asked.is_empty());
        let theirs = Side { fields: there.clone(), changed_at: Millis(1) };
        let merged = merge(&base, &unchanged, &theirs, both(rule));
        prop_assert_eq!(&merged.theirs, &there);
        prop_assert!(merged.base.is(&merged.mine) && merged.asked.is_empty());
    }

    #[test]
    fn the_order_of_pull_and_push_makes_no_difference((base, mine, theirs) in sides(), rule in 0usize..4) {
        let rule = [Rule::Newest, Rule::Mine, Rule::Theirs, Rule::Ask][rule];
        let one_way = |direction| Settings { direction, ..both(rule) };
        let pulled = merge(&base, &mine, &theirs, one_way(Direction::Pull));
        let pulled_then_pushed = again(&pulled, &mine, &theirs, one_way(Direction::Push));
        let pushed = merge(&base, &mine, &theirs, one_way(Direction::Push));
        let pushed_then_pulled = again(&pushed, &mine, &theirs, one_way(Direction::Pull));
        prop_assert_eq!(&pulled_then_pushed, &pushed_then_pulled);
        prop_assert_eq!(&pulled_then_pushed, &merge(&base, &mine, &theirs, both(rule)));
    }

    #[test]
    fn a_direction_leaves_the_other_side_alone((base, mine, theirs) in sides(), settings in settings()) {
        let merged = merge(&base, &mine, &theirs, settings);
        prop_assert!(settings.direction.pulls() || merged.mine == mine.fields);
        prop_assert!(settings.direction.pushes() || merged.theirs == theirs.fields);
    }

    #[test]
    fn what_is_asked_is_changed_on_neither_side((base, mine, theirs) in sides()) {
        let merged = merge(&base, &mine, &theirs, both(Rule::Ask));
        for field in merged.asked.iter().filter(|field| **field != Field::Episodes) {
            prop_assert!(is_same(*field, &merged.mine, &mine.fields), "{:?}", field);
            prop_assert!(is_same(*field, &merged.theirs, &theirs.fields), "{:?}", field);
        }
    }

    #[test]
    fn an_answer_settles_a_field_for_good((base, mine, theirs) in sides(), take in any::<bool>()) {
        let merged = merge(&base, &mine, &theirs, both(Rule::Ask));
        let choice = if take { Choice::Theirs } else { Choice::Mine };
        let (mut here, mut base) = (merged.mine.clone(), merged.base.clone());
        for field in &merged.asked {
            settle(*field, choice, &mut here, &mut base, &merged.theirs);
        }
        let (mine, there) = (Side { fields: here, ..mine }, Side { fields: merged.theirs.clone(), ..theirs });
        let after = merge(&base, &mine, &there, both(Rule::Ask));
        prop_assert!(after.asked.is_empty());
        for field in merged.asked {
            let kept = if take { &merged.theirs } else { &merged.mine };
            prop_assert!(is_same(field, &after.mine, kept) && is_same(field, &after.theirs, kept), "{:?}", field);
        }
    }

    #[test]
    fn by_the_newest_rule_done_is_never_undone_by_watching((base, mine, theirs) in sides()) {
        let merged = merge(&base, &mine, &theirs, both(Rule::Newest));
        let (here, there) = (mine.fields.status, theirs.fields.status);
        let both_changed = base.status != Some(here) && base.status != Some(there);
        let pair = [here, there];
        if both_changed && pair.contains(&Status::Done) && pair.contains(&Status::Watching) {
            prop_assert_eq!((merged.mine.status, merged.theirs.status), (Status::Done, Status::Done));
        }
    }

    #[test]
    fn what_was_deleted_here_comes_back_only_for_news(
        before in fields_there(), theirs in fields_there(), settings in settings(), at in 1i64..4,
    ) {
        let base = Base::agreed(ACCOUNT, &Side { fields: before, changed_at: Millis(0) });
        let theirs = Side { fields: theirs, changed_at: Millis(at) };
        let merged = merge_deleted(Some(&base), Millis(2), &theirs, settings);
        if base.is(&theirs.fields) {
            prop_assert!(!matches!(merged, Deleted::Revive | Deleted::Ask));
        }
        // And what was decided stays decided.
        if let Deleted::Stays(known) | Deleted::MarkDropped(known) = merged {
            let status = known.status.unwrap_or(theirs.fields.status);
            let there = Side { fields: Fields { status, ..theirs.fields.clone() }, ..theirs };
            let again = merge_deleted(Some(&known), Millis(2), &there, Settings { deletions: OnDelete::Keep, ..settings });
            prop_assert_eq!(again, Deleted::Stays(known));
        }
    }
}

#[test]
fn an_entry_that_was_never_compared_takes_what_only_one_side_has() {
    let mine = Fields {
        status: Status::Watching,
        rating: None,
        comment: Some("好".to_owned()),
        tags: vec![],
        private: false,
        marks: Marks::default(),
    };
    let theirs = Fields { rating: Some(8), comment: None, tags: vec!["百合".to_owned()], ..mine.clone() };
    let (mine, theirs) = (Side { fields: mine, changed_at: Millis(1) }, Side { fields: theirs, changed_at: Millis(2) });
    let merged = merge(&Base::blank(ACCOUNT), &mine, &theirs, both(Rule::Ask));
    assert_eq!(merged.asked, []);
    assert_eq!((merged.mine.rating, merged.mine.tags.len()), (Some(8), 1));
    assert_eq!(merged.theirs.comment.as_deref(), Some("好"));
}
