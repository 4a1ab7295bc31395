#include "WebUI.h"

// Every file of web/, embedded. A test compares this list with the folder.

// #embed is C23; clang takes it as an extension in every mode.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char css_alerts_css[] = {
#embed "web/css/alerts.css"
};
static const unsigned char css_backup_codes_css[] = {
#embed "web/css/backup-codes.css"
};
static const unsigned char css_base_css[] = {
#embed "web/css/base.css"
};
static const unsigned char css_cards_css[] = {
#embed "web/css/cards.css"
};
static const unsigned char css_charts_css[] = {
#embed "web/css/charts.css"
};
static const unsigned char css_chips_css[] = {
#embed "web/css/chips.css"
};
static const unsigned char css_colors_css[] = {
#embed "web/css/colors.css"
};
static const unsigned char css_connections_css[] = {
#embed "web/css/connections.css"
};
static const unsigned char css_controls_css[] = {
#embed "web/css/controls.css"
};
static const unsigned char css_dialogs_css[] = {
#embed "web/css/dialogs.css"
};
static const unsigned char css_entry_css[] = {
#embed "web/css/entry.css"
};
static const unsigned char css_events_css[] = {
#embed "web/css/events.css"
};
static const unsigned char css_facts_css[] = {
#embed "web/css/facts.css"
};
static const unsigned char css_layout_css[] = {
#embed "web/css/layout.css"
};
static const unsigned char css_notices_css[] = {
#embed "web/css/notices.css"
};
static const unsigned char css_overview_css[] = {
#embed "web/css/overview.css"
};
static const unsigned char css_settings_css[] = {
#embed "web/css/settings.css"
};
static const unsigned char css_tables_css[] = {
#embed "web/css/tables.css"
};
static const unsigned char css_tokens_css[] = {
#embed "web/css/tokens.css"
};
static const unsigned char css_trace_css[] = {
#embed "web/css/trace.css"
};
static const unsigned char icon_svg[] = {
#embed "web/icon.svg"
};
static const unsigned char index_html[] = {
#embed "web/index.html"
};
static const unsigned char js_api_js[] = {
#embed "web/js/api.js"
};
static const unsigned char js_app_js[] = {
#embed "web/js/app.js"
};
static const unsigned char js_connection_js[] = {
#embed "web/js/connection.js"
};
static const unsigned char js_dom_js[] = {
#embed "web/js/dom.js"
};
static const unsigned char js_pages_alerts_js[] = {
#embed "web/js/pages/alerts.js"
};
static const unsigned char js_pages_connections_js[] = {
#embed "web/js/pages/connections.js"
};
static const unsigned char js_pages_not_found_js[] = {
#embed "web/js/pages/not-found.js"
};
static const unsigned char js_pages_overview_js[] = {
#embed "web/js/pages/overview.js"
};
static const unsigned char js_pages_register_js[] = {
#embed "web/js/pages/register.js"
};
static const unsigned char js_pages_reset_js[] = {
#embed "web/js/pages/reset.js"
};
static const unsigned char js_pages_second_step_js[] = {
#embed "web/js/pages/second-step.js"
};
static const unsigned char js_pages_settings_js[] = {
#embed "web/js/pages/settings.js"
};
static const unsigned char js_pages_sign_in_js[] = {
#embed "web/js/pages/sign-in.js"
};
static const unsigned char js_pages_tokens_js[] = {
#embed "web/js/pages/tokens.js"
};
static const unsigned char js_pages_trace_js[] = {
#embed "web/js/pages/trace.js"
};
static const unsigned char js_parts_activity_kinds_js[] = {
#embed "web/js/parts/activity-kinds.js"
};
static const unsigned char js_parts_activity_section_js[] = {
#embed "web/js/parts/activity-section.js"
};
static const unsigned char js_parts_advice_js[] = {
#embed "web/js/parts/advice.js"
};
static const unsigned char js_parts_attention_js[] = {
#embed "web/js/parts/attention.js"
};
static const unsigned char js_parts_backup_codes_js[] = {
#embed "web/js/parts/backup-codes.js"
};
static const unsigned char js_parts_banners_js[] = {
#embed "web/js/parts/banners.js"
};
static const unsigned char js_parts_cell_js[] = {
#embed "web/js/parts/cell.js"
};
static const unsigned char js_parts_charts_js[] = {
#embed "web/js/parts/charts.js"
};
static const unsigned char js_parts_chips_js[] = {
#embed "web/js/parts/chips.js"
};
static const unsigned char js_parts_cluster_js[] = {
#embed "web/js/parts/cluster.js"
};
static const unsigned char js_parts_copy_js[] = {
#embed "web/js/parts/copy.js"
};
static const unsigned char js_parts_day_chart_js[] = {
#embed "web/js/parts/day-chart.js"
};
static const unsigned char js_parts_dialog_js[] = {
#embed "web/js/parts/dialog.js"
};
static const unsigned char js_parts_event_dialog_js[] = {
#embed "web/js/parts/event-dialog.js"
};
static const unsigned char js_parts_event_feed_js[] = {
#embed "web/js/parts/event-feed.js"
};
static const unsigned char js_parts_event_list_js[] = {
#embed "web/js/parts/event-list.js"
};
static const unsigned char js_parts_factor_fields_js[] = {
#embed "web/js/parts/factor-fields.js"
};
static const unsigned char js_parts_factor_section_js[] = {
#embed "web/js/parts/factor-section.js"
};
static const unsigned char js_parts_factor_setup_js[] = {
#embed "web/js/parts/factor-setup.js"
};
static const unsigned char js_parts_facts_js[] = {
#embed "web/js/parts/facts.js"
};
static const unsigned char js_parts_form_js[] = {
#embed "web/js/parts/form.js"
};
static const unsigned char js_parts_frame_js[] = {
#embed "web/js/parts/frame.js"
};
static const unsigned char js_parts_icons_js[] = {
#embed "web/js/parts/icons.js"
};
static const unsigned char js_parts_integration_card_js[] = {
#embed "web/js/parts/integration-card.js"
};
static const unsigned char js_parts_last_hour_js[] = {
#embed "web/js/parts/last-hour.js"
};
static const unsigned char js_parts_life_js[] = {
#embed "web/js/parts/life.js"
};
static const unsigned char js_parts_limits_js[] = {
#embed "web/js/parts/limits.js"
};
static const unsigned char js_parts_message_list_js[] = {
#embed "web/js/parts/message-list.js"
};
static const unsigned char js_parts_notices_js[] = {
#embed "web/js/parts/notices.js"
};
static const unsigned char js_parts_numbers_js[] = {
#embed "web/js/parts/numbers.js"
};
static const unsigned char js_parts_password_section_js[] = {
#embed "web/js/parts/password-section.js"
};
static const unsigned char js_parts_probe_js[] = {
#embed "web/js/parts/probe.js"
};
static const unsigned char js_parts_problem_js[] = {
#embed "web/js/parts/problem.js"
};
static const unsigned char js_parts_profile_section_js[] = {
#embed "web/js/parts/profile-section.js"
};
static const unsigned char js_parts_qr_js[] = {
#embed "web/js/parts/qr.js"
};
static const unsigned char js_parts_refill_js[] = {
#embed "web/js/parts/refill.js"
};
static const unsigned char js_parts_scope_picker_js[] = {
#embed "web/js/parts/scope-picker.js"
};
static const unsigned char js_parts_section_js[] = {
#embed "web/js/parts/section.js"
};
static const unsigned char js_parts_sessions_section_js[] = {
#embed "web/js/parts/sessions-section.js"
};
static const unsigned char js_parts_sms_progress_js[] = {
#embed "web/js/parts/sms-progress.js"
};
static const unsigned char js_parts_sms_test_js[] = {
#embed "web/js/parts/sms-test.js"
};
static const unsigned char js_parts_states_js[] = {
#embed "web/js/parts/states.js"
};
static const unsigned char js_parts_stats_js[] = {
#embed "web/js/parts/stats.js"
};
static const unsigned char js_parts_step_up_js[] = {
#embed "web/js/parts/step-up.js"
};
static const unsigned char js_parts_token_dialog_js[] = {
#embed "web/js/parts/token-dialog.js"
};
static const unsigned char js_parts_token_examples_js[] = {
#embed "web/js/parts/token-examples.js"
};
static const unsigned char js_parts_trace_lookup_js[] = {
#embed "web/js/parts/trace-lookup.js"
};
static const unsigned char js_parts_trace_steps_js[] = {
#embed "web/js/parts/trace-steps.js"
};
static const unsigned char js_parts_trace_story_js[] = {
#embed "web/js/parts/trace-story.js"
};
static const unsigned char js_parts_user_agent_js[] = {
#embed "web/js/parts/user-agent.js"
};
static const unsigned char js_poll_js[] = {
#embed "web/js/poll.js"
};
static const unsigned char js_routes_js[] = {
#embed "web/js/routes.js"
};
static const unsigned char js_session_js[] = {
#embed "web/js/session.js"
};
static const unsigned char js_time_js[] = {
#embed "web/js/time.js"
};

#define FILE(path, content) {path, content, sizeof content}

static const webui_file files[] = {
    FILE("/css/alerts.css", css_alerts_css),
    FILE("/css/backup-codes.css", css_backup_codes_css),
    FILE("/css/base.css", css_base_css),
    FILE("/css/cards.css", css_cards_css),
    FILE("/css/charts.css", css_charts_css),
    FILE("/css/chips.css", css_chips_css),
    FILE("/css/colors.css", css_colors_css),
    FILE("/css/connections.css", css_connections_css),
    FILE("/css/controls.css", css_controls_css),
    FILE("/css/dialogs.css", css_dialogs_css),
    FILE("/css/entry.css", css_entry_css),
    FILE("/css/events.css", css_events_css),
    FILE("/css/facts.css", css_facts_css),
    FILE("/css/layout.css", css_layout_css),
    FILE("/css/notices.css", css_notices_css),
    FILE("/css/overview.css", css_overview_css),
    FILE("/css/settings.css", css_settings_css),
    FILE("/css/tables.css", css_tables_css),
    FILE("/css/tokens.css", css_tokens_css),
    FILE("/css/trace.css", css_trace_css),
    FILE("/icon.svg", icon_svg),
    FILE("/", index_html),
    FILE("/js/api.js", js_api_js),
    FILE("/js/app.js", js_app_js),
    FILE("/js/connection.js", js_connection_js),
    FILE("/js/dom.js", js_dom_js),
    FILE("/js/pages/alerts.js", js_pages_alerts_js),
    FILE("/js/pages/connections.js", js_pages_connections_js),
    FILE("/js/pages/not-found.js", js_pages_not_found_js),
    FILE("/js/pages/overview.js", js_pages_overview_js),
    FILE("/js/pages/register.js", js_pages_register_js),
    FILE("/js/pages/reset.js", js_pages_reset_js),
    FILE("/js/pages/second-step.js", js_pages_second_step_js),
    FILE("/js/pages/settings.js", js_pages_settings_js),
    FILE("/js/pages/sign-in.js", js_pages_sign_in_js),
    FILE("/js/pages/tokens.js", js_pages_tokens_js),
    FILE("/js/pages/trace.js", js_pages_trace_js),
    FILE("/js/parts/activity-kinds.js", js_parts_activity_kinds_js),
    FILE("/js/parts/activity-section.js", js_parts_activity_section_js),
    FILE("/js/parts/advice.js", js_parts_advice_js),
    FILE("/js/parts/attention.js", js_parts_attention_js),
    FILE("/js/parts/backup-codes.js", js_parts_backup_codes_js),
    FILE("/js/parts/banners.js", js_parts_banners_js),
    FILE("/js/parts/cell.js", js_parts_cell_js),
    FILE("/js/parts/charts.js", js_parts_charts_js),
    FILE("/js/parts/chips.js", js_parts_chips_js),
    FILE("/js/parts/cluster.js", js_parts_cluster_js),
    FILE("/js/parts/copy.js", js_parts_copy_js),
    FILE("/js/parts/day-chart.js", js_parts_day_chart_js),
    FILE("/js/parts/dialog.js", js_parts_dialog_js),
    FILE("/js/parts/event-dialog.js", js_parts_event_dialog_js),
    FILE("/js/parts/event-feed.js", js_parts_event_feed_js),
    FILE("/js/parts/event-list.js", js_parts_event_list_js),
    FILE("/js/parts/factor-fields.js", js_parts_factor_fields_js),
    FILE("/js/parts/factor-section.js", js_parts_factor_section_js),
    FILE("/js/parts/factor-setup.js", js_parts_factor_setup_js),
    FILE("/js/parts/facts.js", js_parts_facts_js),
    FILE("/js/parts/form.js", js_parts_form_js),
    FILE("/js/parts/frame.js", js_parts_frame_js),
    FILE("/js/parts/icons.js", js_parts_icons_js),
    FILE("/js/parts/integration-card.js", js_parts_integration_card_js),
    FILE("/js/parts/last-hour.js", js_parts_last_hour_js),
    FILE("/js/parts/life.js", js_parts_life_js),
    FILE("/js/parts/limits.js", js_parts_limits_js),
    FILE("/js/parts/message-list.js", js_parts_message_list_js),
    FILE("/js/parts/notices.js", js_parts_notices_js),
    FILE("/js/parts/numbers.js", js_parts_numbers_js),
    FILE("/js/parts/password-section.js", js_parts_password_section_js),
    FILE("/js/parts/probe.js", js_parts_probe_js),
    FILE("/js/parts/problem.js", js_parts_problem_js),
    FILE("/js/parts/profile-section.js", js_parts_profile_section_js),
    FILE("/js/parts/qr.js", js_parts_qr_js),
    FILE("/js/parts/refill.js", js_parts_refill_js),
    FILE("/js/parts/scope-picker.js", js_parts_scope_picker_js),
    FILE("/js/parts/section.js", js_parts_section_js),
    FILE("/js/parts/sessions-section.js", js_parts_sessions_section_js),
    FILE("/js/parts/sms-progress.js", js_parts_sms_progress_js),
    FILE("/js/parts/sms-test.js", js_parts_sms_test_js),
    FILE("/js/parts/states.js", js_parts_states_js),
    FILE("/js/parts/stats.js", js_parts_stats_js),
    FILE("/js/parts/step-up.js", js_parts_step_up_js),
    FILE("/js/parts/token-dialog.js", js_parts_token_dialog_js),
    FILE("/js/parts/token-examples.js", js_parts_token_examples_js),
    FILE("/js/parts/trace-lookup.js", js_parts_trace_lookup_js),
    FILE("/js/parts/trace-steps.js", js_parts_trace_steps_js),
    FILE("/js/parts/trace-story.js", js_parts_trace_story_js),
    FILE("/js/parts/user-agent.js", js_parts_user_agent_js),
    FILE("/js/poll.js", js_poll_js),
    FILE("/js/routes.js", js_routes_js),
    FILE("/js/session.js", js_session_js),
    FILE("/js/time.js", js_time_js),
};

const webui_file *webui_file_at(size_t index) {
  return index < sizeof files / sizeof *files ? &files[index] : NULL;
}
