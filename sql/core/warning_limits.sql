-- Grain: one row per span of days on which the limits are valid.
-- Answers: from when on something is worth a warning.
-- Filled by: tthc init, from sources/office_hours.yaml.

CREATE TABLE core.warning_limits (
    commune_code text NOT NULL,
    valid_from date NOT NULL,
    valid_to date NOT NULL,
    intake_working_hours numeric NOT NULL CHECK (intake_working_hours >= 0),
    apology_days_before integer NOT NULL CHECK (apology_days_before >= 0),
    due_within_working_days integer NOT NULL CHECK (due_within_working_days BETWEEN 0 AND 20),
    result_waits_working_days integer NOT NULL CHECK (result_waits_working_days >= 0),
    result_uncollected_days integer NOT NULL CHECK (result_uncollected_days >= 0),
    same_finish_count integer NOT NULL CHECK (same_finish_count > 1),
    document text NOT NULL,
    PRIMARY KEY (commune_code, valid_from),
    CHECK (valid_from <= valid_to)
);

COMMENT ON TABLE core.warning_limits IS 'Các ngưỡng của cảnh báo sớm và của dấu hiệu bẻ hạn, có ngày hiệu lực.';
COMMENT ON COLUMN core.warning_limits.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.warning_limits.valid_from IS 'Ngày đầu có hiệu lực.';
COMMENT ON COLUMN core.warning_limits.valid_to IS 'Ngày cuối có hiệu lực; infinity khi còn tiếp tục.';
COMMENT ON COLUMN core.warning_limits.intake_working_hours IS 'Hồ sơ trực tuyến phải được tiếp nhận trong số giờ làm việc này.';
COMMENT ON COLUMN core.warning_limits.apology_days_before IS 'Chậm nhất mấy ngày trước hạn thì phải xin lỗi.';
COMMENT ON COLUMN core.warning_limits.due_within_working_days IS 'Báo trước khi còn từ chừng này ngày làm việc trở xuống.';
COMMENT ON COLUMN core.warning_limits.result_waits_working_days IS 'Nhắc khi kết quả chờ người nộp từ chừng này ngày làm việc.';
COMMENT ON COLUMN core.warning_limits.result_uncollected_days IS 'Kết quả có đã quá chừng này ngày mà chưa ai nhận thì tính là chưa trả quá hạn nhận.';
COMMENT ON COLUMN core.warning_limits.same_finish_count IS 'Nêu khi từ chừng này hồ sơ của một người kết thúc cùng một giây.';
COMMENT ON COLUMN core.warning_limits.document IS 'Văn bản làm căn cứ, hoặc lời nói rõ là mặc định.';
