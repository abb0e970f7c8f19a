-- Máy viết từ danh mục của kho: python -m tthc.warehouse.distribution. Đọc docs/distributed.md trước.
-- Chạy một lần, bằng tài khoản của kho, trên kho trống vừa tthc init.

-- Bảng nhỏ, node nào cũng có trọn.
SELECT create_reference_table('indicators.definition_versions');
SELECT create_reference_table('ops.commune_readers');

-- Bảng chia theo xã; mọi dòng của một xã ở cùng một node.
SELECT create_distributed_table('core.communes', 'commune_code');
SELECT create_distributed_table('core.apology_letter_versions', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.apology_letters', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.document_exchange_versions', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.document_exchanges', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.dossier_matches', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.dossier_versions', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.dossiers', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.exemption_versions', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.exemptions', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.index_766_score_versions', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.index_766_scores', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.inspection_record_versions', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.inspection_records', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.national_procedure_versions', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.national_procedures', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.office_hours', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.official_result_versions', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.official_results', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.payment_versions', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.payments', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.petition_versions', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.petitions', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.portal_coverage', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.portal_dossier_versions', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.portal_dossiers', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.procedure_versions', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.procedures', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.procedures_in_force', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.progress_event_versions', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.progress_events', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.publicity_check_versions', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.publicity_checks', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.rating_versions', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.ratings', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.review_versions', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.reviews', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.task_versions', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.tasks', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.units', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.warning_limits', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.working_day_versions', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.working_days', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('marts.days', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('marts.dossier_periods', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('marts.dossiers', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('marts.reconciliation', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('restricted.assessment_versions', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('restricted.assessments', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('restricted.conduct_record_versions', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('restricted.conduct_records', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('restricted.objection_versions', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('restricted.objections', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('restricted.staff', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('restricted.staff_versions', 'commune_code', colocate_with => 'core.communes');
SELECT create_distributed_table('core.unit_names', 'commune_code', colocate_with => 'core.communes');

-- Ở lại nơi nhận kết nối:
-- indicators.builds: khóa (build_id) không có commune_code
-- indicators.chain_heads: có trigger published_is_not_emptied
-- ops.access_log: không có cột commune_code
-- ops.archive_objects: không có cột commune_code
-- ops.erasures: khóa (erasure_id) không có commune_code
-- ops.fetches: khóa (fetch_id) không có commune_code
-- ops.incidents: khóa (incident_id) không có commune_code
-- ops.key_changes: không có cột commune_code
-- ops.migrations: không có cột commune_code
-- ops.table_shapes: không có cột commune_code
-- ops.upgrades: không có cột commune_code
-- restricted.readers: có trigger readers_are_noted
-- restricted.register__assessments: vùng chờ, không ghi WAL
-- restricted.register__conduct: vùng chờ, không ghi WAL
-- restricted.register__objections: vùng chờ, không ghi WAL
-- restricted.register__staff: vùng chờ, không ghi WAL
-- restricted.score_chain_heads: có trigger sealed_is_not_emptied
-- restricted.score_runs: khóa (score_run_id) không có commune_code
-- restricted.sheet_requests: khóa (access_id) không có commune_code
-- staging.city__dossiers: vùng chờ, không ghi WAL
-- staging.city__progress_events: vùng chờ, không ghi WAL
-- staging.documents__exchanges: vùng chờ, không ghi WAL
-- staging.known_rows: vùng chờ, không ghi WAL
-- staging.payments__transactions: vùng chờ, không ghi WAL
-- staging.petitions__cases: vùng chờ, không ghi WAL
-- staging.portal__dossiers: vùng chờ, không ghi WAL
-- staging.portal__index_766: vùng chờ, không ghi WAL
-- staging.portal__procedures: vùng chờ, không ghi WAL
-- staging.ratings__responses: vùng chờ, không ghi WAL
-- staging.record_marks: vùng chờ, không ghi WAL
-- staging.register__apologies: vùng chờ, không ghi WAL
-- staging.register__exemptions: vùng chờ, không ghi WAL
-- staging.register__inspections: vùng chờ, không ghi WAL
-- staging.register__official_results: vùng chờ, không ghi WAL
-- staging.register__procedures: vùng chờ, không ghi WAL
-- staging.register__publicity: vùng chờ, không ghi WAL
-- staging.register__reviews: vùng chờ, không ghi WAL
-- staging.register__tasks: vùng chờ, không ghi WAL
-- staging.register__working_days: vùng chờ, không ghi WAL
-- staging.verdicts: vùng chờ, không ghi WAL
-- indicators.gaps: không có cột commune_code
-- indicators.revisions: khóa (revision_id) không có commune_code
-- indicators.values: không có cột commune_code
-- ops.control_totals: không có cột commune_code
-- ops.digest_changes: khóa ngoại nối với ops.key_changes, bảng ấy ở lại
-- ops.fetch_windows: không có cột commune_code
-- ops.quarantine: khóa (quarantine_id) không có commune_code
-- ops.redactions: không có cột commune_code
-- ops.validations: không có cột commune_code
-- restricted.score_seals: không có cột commune_code
-- restricted.score_sheets: không có cột commune_code
-- indicators.revision_facts: không có cột commune_code
-- indicators.revision_seals: không có cột commune_code
-- ops.fetch_pages: không có cột commune_code
-- ops.release_requests: không có cột commune_code
-- ops.returned_rows: không có cột commune_code
