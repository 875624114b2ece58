//! The checks that every store has to pass, one for each law of [`Store`](crate::Store).

mod bench;
#[doc(hidden)]
pub mod bounded;
#[doc(hidden)]
pub mod claims;
#[doc(hidden)]
pub mod commits;
#[doc(hidden)]
pub mod create;
#[doc(hidden)]
pub mod effect_notes;
#[doc(hidden)]
pub mod effects;
#[doc(hidden)]
pub mod endings;
#[doc(hidden)]
pub mod fence;
#[doc(hidden)]
pub mod logs;
#[doc(hidden)]
pub mod messages;
#[doc(hidden)]
pub mod names;
#[doc(hidden)]
pub mod notes;
#[doc(hidden)]
pub mod outbox;
#[doc(hidden)]
pub mod pauses;
#[doc(hidden)]
pub mod reading;
#[doc(hidden)]
pub mod releases;
#[doc(hidden)]
pub mod retries;
#[doc(hidden)]
pub mod rollback;
#[doc(hidden)]
pub mod staying;
#[doc(hidden)]
pub mod stops;
#[doc(hidden)]
pub mod suspects;

use std::future::Future;
use std::sync::Arc;

use crate::store::Store;

/// Runs a check on an executor of its own. The generated tests call it, so that a crate need not depend on
/// tokio for them.
///
/// # Panics
/// If the check fails.
pub fn run<S: Store>(store: impl Future<Output = S>, check: impl AsyncFnOnce(Arc<dyn Store>)) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("the system has what a runtime needs");
    runtime.block_on(async {
        let store: Arc<dyn Store> = Arc::new(store.await);
        check(store).await;
    });
}

/// A check.
pub type Check = fn(Arc<dyn Store>) -> std::pin::Pin<Box<dyn Future<Output = ()>>>;

/// Checks that a store keeps the laws of [`Store`](crate::Store).
///
/// Its argument is an expression that makes an empty store, as a future. It expands to one test for each
/// law, in the module where it stands:
///
/// ```
/// # #[cfg(test)]
/// mod my_store {
///     stateway::testing::store_conformance!(async { stateway::MemoryStore::new() });
/// }
/// ```
///
/// It cannot check that anything outlives the process: that needs tests that reopen the store, and
/// [`Crashes`](crate::testing::Crashes).
#[macro_export]
macro_rules! store_conformance {
    // The only list of checks. It follows the name of the macro that it is passed to.
    (@list $($then:tt)*) => {
        $crate::store_conformance! { $($then)*
            create {
                a_run_begins_in_the_state_it_was_created_in
                a_run_that_is_there_is_not_added_again
                an_id_belongs_to_one_run_of_all_workflows
                of_many_that_create_one_run_one_is_first
                a_run_without_a_lease_is_due_at_once
                a_run_with_a_lease_is_held_by_its_creator
                any_text_is_an_id
                any_bytes_are_a_payload
                what_a_run_was_started_with_is_kept
                a_run_may_be_due_later
                a_run_that_is_claimed_as_it_is_added_need_not_be_due
                a_run_that_has_ended_is_replaced_if_that_is_asked_for
                a_run_that_goes_on_is_never_replaced
                of_many_that_replace_one_run_one_is_first
            }
            claims {
                a_claim_counts_the_epoch
                a_claim_gives_all_that_a_run_goes_on_with
                a_held_run_is_not_claimed
                a_run_is_claimed_when_its_lease_has_passed
                a_lease_that_passed_counts_as_a_crash
                a_run_that_was_given_back_has_not_crashed
                a_transition_clears_the_crashes
                a_claim_finds_its_own_workflow_only
                a_claim_takes_no_more_than_it_asks_for
                those_that_wait_longest_are_claimed_first
                a_run_that_is_not_due_is_not_claimed
                of_what_is_due_the_highest_priority_is_claimed_first
                no_run_is_claimed_by_two
                a_version_that_the_caller_does_not_know_is_left_alone
                one_claim_takes_runs_of_several_workflows
                a_claim_says_when_the_first_run_is_due
                a_claim_says_when_the_first_lease_passes
                a_heartbeat_extends_a_claim
                a_heartbeat_does_not_revive_a_lost_claim
                a_heartbeat_of_an_ended_run_says_so
                a_heartbeat_of_one_run_does_not_touch_another
                a_holder_is_not_given_what_it_holds
                what_a_holder_holds_takes_no_place_of_others
                a_lease_is_not_measured_by_the_clock_of_a_caller
                a_run_that_only_waited_has_not_crashed
                a_wait_whose_lease_has_just_passed_comes_behind_what_was_due_before
                a_run_does_not_wait_behind_its_next_transition
            }
            suspects {
                after_one_death_all_suspects_are_claimed
                suspects_are_claimed_a_few_at_a_time
                a_suspect_of_many_deaths_is_claimed_alone
            }
            commits {
                a_transition_moves_the_row
                a_commit_counts_the_sequence
                a_commit_is_in_the_history
                failed_attempts_are_in_the_history
                a_state_and_its_history_are_one
                a_commit_that_is_repeated_takes_place_once
                a_repeated_end_takes_place_once
                a_commit_of_an_unknown_run_is_not_found
                a_given_back_run_waits_until_it_is_due
                a_parked_run_stands_still
                a_parked_run_goes_on_where_it_was
                what_is_not_parked_is_not_unparked
                a_self_transition_is_a_commit_like_any_other
                many_runs_do_not_mix
            }
            fence {
                an_old_epoch_is_refused
                an_old_sequence_is_refused
                a_sequence_ahead_is_refused
                another_commit_of_the_same_sequence_is_refused
                a_refused_commit_changes_nothing
                a_late_commit_after_a_takeover_is_refused
                a_commit_is_taken_by_epoch_and_not_by_lease
                of_two_holders_by_skewed_clocks_one_moves_the_run
                a_run_that_ended_is_not_moved
                a_parked_run_is_not_moved
                of_many_commits_of_one_sequence_one_takes_place
            }
            names {
                a_name_belongs_to_the_package_that_declared_it_first
                a_name_is_adopted
                a_name_belongs_to_one_declaration_of_a_process
            }
            notes {
                a_note_is_given_to_the_next_claim
                a_note_replaces_the_one_before
                failed_attempts_are_noted
                attempts_are_told_of_a_run_and_outputs_are_not
                notes_come_in_the_order_of_their_keys
                a_transition_drops_the_notes
                a_run_that_is_given_back_keeps_its_notes
                a_parked_run_keeps_its_notes
                a_note_does_not_count_the_sequence
                a_note_of_an_old_epoch_is_refused
                a_note_about_an_old_visit_is_refused
                an_output_comes_back_byte_by_byte
            }
            releases {
                a_run_that_is_given_back_is_as_it_was
                a_release_may_be_repeated
                a_release_of_an_old_claim_is_refused
                a_run_may_wait_for_a_message_alone
                a_run_that_has_a_message_to_hear_does_not_wait
                a_run_that_waits_for_a_message_hears_that_it_is_to_stop
            }
            bounded {
                a_transition_removes_what_is_behind_the_last_rows
                a_history_that_is_not_bounded_is_kept
                a_bound_that_is_raised_keeps_more_from_then_on
                one_commit_removes_no_more_than_a_page
                a_bounded_history_comes_in_pages
                what_is_to_be_undone_is_kept
                only_a_transition_removes_rows
                a_repeated_transition_removes_nothing_more
                a_message_is_known_though_its_row_is_removed
                a_bounded_history_goes_with_its_run
            }
            logs {
                entries_are_read_in_the_order_in_which_they_were_added
                entries_are_counted_over_all_commits
                entries_come_in_pages
                any_bytes_are_an_entry
                the_logs_of_an_unknown_run_are_not_found
                a_transition_and_its_entries_are_one
                only_a_transition_adds_entries
                a_commit_that_is_repeated_adds_its_entries_once
                a_commit_of_other_entries_is_another
                a_commit_that_is_refused_adds_no_entries
                nothing_else_changes_what_was_logged
                purge_removes_the_logs_of_a_run
                a_run_that_replaces_another_has_none_of_its_entries
            }
            messages {
                a_message_is_given_to_the_next_claim
                messages_come_in_order
                the_inbox_is_read_while_a_run_is_held
                a_message_is_kept_once
                a_consumed_message_is_still_known
                a_message_that_is_not_consumed_stays
                a_message_makes_a_run_due
                a_message_makes_a_run_due_whatever_its_clock_said
                a_message_to_an_unknown_run_is_not_found
                a_message_to_an_ended_run_is_refused
                a_message_may_demand_a_state
                a_message_may_demand_the_run_that_had_the_id
                a_message_leads_to_the_row_that_has_taken_it
                a_run_may_begin_with_messages
                a_message_that_nothing_has_taken_waits_or_is_left
                the_end_names_the_messages_that_are_left
                the_holder_hears_of_a_message
                equal_ids_of_two_runs_are_two_messages
            }
            outbox {
                an_outbox_takes_place_with_its_commit
                a_commit_that_is_refused_sends_nothing
                a_commit_that_is_repeated_sends_once
                a_message_reaches_a_run_of_the_same_outbox
                a_run_may_send_a_message_to_itself
                what_an_outbox_cannot_reach_is_dropped
                a_run_of_an_outbox_is_held_by_nobody
            }
            staying {
                a_transition_that_stays_is_no_entry
                what_was_at_work_in_a_state_is_kept_until_that_is_left
                a_poll_that_was_asked_changes_the_row_alone
                a_claim_says_what_time_it_is_for_the_run
            }
            stops {
                a_request_to_stop_is_in_the_next_claim
                a_request_to_stop_makes_a_run_due
                the_holder_hears_of_a_request_to_stop
                a_termination_replaces_a_cancellation
                a_cancellation_replaces_no_termination
                an_ended_run_is_not_stopped
                an_unknown_run_is_not_stopped
                a_parked_run_remembers_that_it_is_to_stop
                a_request_to_stop_is_in_the_history
                a_request_to_stop_moves_nothing
                a_commit_is_repeated_though_its_run_was_asked_to_stop
                the_history_says_who_asked
                a_run_that_is_to_stop_does_not_wait
                a_rollback_waits_though_its_run_was_cancelled
                a_run_that_is_terminated_is_not_parked
            }
            pauses {
                a_run_that_nobody_holds_is_paused_at_once
                a_run_that_is_held_is_paused_by_its_next_commit
                a_commit_says_whether_the_run_is_still_held
                a_repeated_commit_says_that_its_run_was_paused
                a_note_at_a_boundary_pauses_a_run
                a_release_pauses_a_run
                a_commit_that_gives_a_run_back_pauses_it
                a_run_that_ends_first_has_ended
                the_holder_hears_of_a_request_to_pause
                a_request_to_pause_outlives_the_holder
                what_falls_due_or_comes_does_not_move_a_paused_run
                a_resumed_run_goes_on_where_it_was
                a_request_to_pause_is_taken_back
                a_second_request_to_pause_changes_nothing
                what_is_not_paused_is_not_resumed
                a_parked_run_is_not_paused
                a_paused_run_is_cancelled_and_terminated
                a_rollback_is_paused_and_goes_on_as_a_rollback
                a_run_is_paused_when_its_last_attempt_has_failed
                what_is_to_stop_is_not_paused_instead
                a_run_that_waits_makes_its_next_attempt_at_once
                a_holder_that_waits_hears_that_it_is_to_retry
                a_run_that_waits_for_no_attempt_is_not_retried
                a_paused_run_that_is_retried_goes_on
                the_history_says_who_paused_and_resumed
                purge_spares_a_paused_run
            }
            rollback {
                transitions_with_an_undo_are_undoable_the_last_first
                an_undone_transition_is_not_undone_again
                one_that_could_not_be_undone_is_not_tried_again
                a_rollback_goes_on_after_a_crash
                a_run_that_is_rolled_back_is_in_no_state_that_a_message_demands
                a_rollback_that_was_parked_is_still_a_rollback
                a_failed_state_begins_a_rollback
                undoable_transitions_come_in_pages
                a_failure_is_kept
            }
            effects {
                effects_are_rows_before_that_of_their_commit
                effects_are_undoable_the_last_first
                effects_are_undone_one_by_one
                whatever_ends_a_visit_may_have_effects
                effects_outlive_the_holder
                a_commit_that_is_repeated_adds_its_effects_once
                a_commit_of_other_effects_is_another
                a_commit_that_is_refused_adds_no_effects
                a_message_leads_to_the_event_that_has_taken_it_and_not_to_an_effect
                a_bounded_history_keeps_what_effects_need
                a_bound_keeps_up_with_effects
                a_retried_rollback_undoes_the_effects_that_are_left
                effects_that_a_termination_skipped_are_undone_later
                effects_go_with_their_run
            }
            effect_notes {
                outputs_with_an_effect_outlive_a_pause
                outputs_with_an_effect_go_with_their_visit
                a_parked_run_keeps_outputs_with_an_effect
            }
            retries {
                a_retried_rollback_undoes_what_was_not_undone
                a_rollback_is_retried_as_often_as_something_is_left
                a_retried_rollback_goes_on_after_a_crash
                a_retried_rollback_is_in_the_history
                a_retried_rollback_was_not_asked_to_stop
                what_a_termination_skipped_is_undone_later
                a_rollback_is_not_retried_before_its_run_has_ended
                a_run_of_which_nothing_is_left_to_undo_stays_ended
                a_rollback_of_an_unknown_run_is_not_retried
                of_many_that_retry_a_rollback_one_does
                who_ended_a_run_does_not_move_it_when_its_rollback_is_retried
                a_run_whose_rollback_is_retried_is_like_any_other
            }
            endings {
                an_ended_run_is_not_claimed
                an_ended_run_is_still_read
                an_ended_run_keeps_its_history
                purge_removes_what_ended_before
                purge_removes_no_more_than_it_is_asked_for
                purge_spares_other_workflows
                purge_spares_what_has_not_ended
                purge_spares_a_run_whose_rollback_is_retried
                a_purged_id_begins_anew
            }
            reading {
                an_unknown_run_is_not_there
                a_list_is_in_the_order_of_the_ids
                a_list_comes_in_pages
                a_list_can_be_filtered
                the_newest_runs_come_first_if_that_is_asked_for
                runs_are_counted_by_status_and_state
                a_run_is_found_by_what_its_state_says
                a_history_comes_in_pages
                times_are_kept_to_the_microsecond
                what_was_written_is_read_at_once
            }
        }
    };
    (@tests ($store:expr) $($area:ident { $($check:ident)* })*) => {
        $($(
            #[test]
            fn $check() {
                $crate::testing::conformance::run($store, $crate::testing::conformance::$area::$check);
            }
        )*)*
    };
    (@functions $($area:ident { $($check:ident)* })*) => {
        /// Returns the names of all checks, each with its function.
        #[must_use]
        pub fn checks() -> Vec<(&'static str, Check)> {
            vec![$($((
                stringify!($check),
                (|store| Box::pin($area::$check(store))) as Check,
            )),*),*]
        }
    };
    ($store:expr) => {
        $crate::store_conformance! { @list @tests ($store) }
    };
}

store_conformance! { @list @functions }
