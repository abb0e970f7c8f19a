"""Sổ tay của một tháng: chỉ tiêu cạnh mục tiêu, các đơn vị, mười ba tháng, và hồ sơ đứng sau số xấu.

Mở để xem và đổi: ``.venv/bin/marimo edit docs/notebooks/thang.py``; chạy một lượt, không cần màn hình:
``.venv/bin/python docs/notebooks/thang.py``. Kho dữ liệu là ``TTHC_WAREHOUSE_URL``; chỉ cần quyền ``tthc_analyst``.
"""

import marimo

app = marimo.App(width="medium", app_title="Số liệu một tháng")


@app.cell
def _():
    import marimo as mo
    import pandas as pd

    from tthc import settings
    from tthc.warehouse import database

    def ask(query: str, **parameters) -> pd.DataFrame:
        """Return the answer of a query as a table."""
        with database.connection() as connection:
            cursor = connection.execute(query, {"commune": settings.commune_code(), **parameters})
            return pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description])

    return ask, mo


@app.cell
def _(ask, mo):
    months = ask(
        "SELECT DISTINCT period FROM indicators.published WHERE commune_code = %(commune)s"
        " AND calendar = 'month' AND period ~ '^[0-9]{4}-[0-9]{2}$' ORDER BY period DESC"
    )["period"].tolist()
    mo.stop(not months, mo.md("Chưa công bố tháng nào: `tthc publish THÁNG …`"))
    month = mo.ui.dropdown(months, value=months[0], label="Tháng")
    indicator = mo.ui.text("dossier_on_time_rate", label="Chỉ tiêu", full_width=True)
    mo.vstack([month, indicator])
    return indicator, month


@app.cell
def _(ask, mo, month):
    of_commune = ask(
        "SELECT indicator, name, value, status, target, meets_target, since_before, since_last_year"
        " FROM indicators.comparisons WHERE commune_code = %(commune)s AND calendar = 'month'"
        " AND period = %(month)s AND level = 'commune' ORDER BY meets_target NULLS LAST, indicator",
        month=month.value,
    )
    mo.vstack([mo.md(f"## Toàn xã, tháng {month.value}"), mo.ui.table(of_commune, selection=None)])
    return (of_commune,)


@app.cell
def _(ask, indicator, mo, month):
    of_units = ask(
        "SELECT n.name, c.value, c.numerator, c.denominator, c.status, c.unit_rank FROM indicators.comparisons AS c"
        " INNER JOIN marts.level_names AS n USING (commune_code, level, code)"
        " WHERE c.commune_code = %(commune)s AND c.calendar = 'month' AND c.period = %(month)s"
        " AND c.level = 'unit' AND c.indicator = %(indicator)s ORDER BY c.unit_rank NULLS LAST, n.sort_order",
        month=month.value,
        indicator=indicator.value,
    )
    mo.vstack([mo.md("## Các đơn vị"), mo.ui.table(of_units, selection=None)])
    return (of_units,)


@app.cell
def _(ask, indicator, mo, month):
    from matplotlib.figure import Figure

    trend = ask(
        "SELECT month, value::float8 AS value, status FROM indicators.trend_13_months"
        " WHERE commune_code = %(commune)s AND calendar = 'month' AND period = %(month)s AND level = 'commune'"
        " AND indicator = %(indicator)s ORDER BY month",
        month=month.value,
        indicator=indicator.value,
    )
    figure = Figure(figsize=(8, 2.5), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(trend["month"], trend["value"].astype(float), marker="o")
    whole = trend["status"].isin(["ok", "small_n", "not_published"])
    axes.plot(trend["month"][~whole], trend["value"][~whole].astype(float), "o", color="tab:red")
    axes.tick_params("x", rotation=45)
    mo.vstack([mo.md("## Mười ba tháng (chấm đỏ: tháng chưa đủ số)"), figure])
    return (trend,)


@app.cell
def _(ask, indicator, mo, month):
    behind = ask(
        "SELECT e.row_key, e.is_in_numerator, e.details ->> 'unit_code' AS unit_code, e.address"
        " FROM indicators.published AS p CROSS JOIN LATERAL indicators.evidence("
        "  p.commune_code, p.calendar, p.period, p.level, p.code, p.indicator) AS e"
        " WHERE p.commune_code = %(commune)s AND p.calendar = 'month' AND p.period = %(month)s"
        " AND p.level = 'commune' AND p.indicator = %(indicator)s",
        month=month.value,
        indicator=indicator.value,
    )
    failing = behind[~behind["is_in_numerator"].astype(bool)]
    mo.vstack(
        [
            mo.md(f"## Đứng sau con số: {len(behind)} dòng, {len(failing)} dòng không đạt"),
            mo.ui.table(failing, selection=None),
        ]
    )
    return (behind,)


if __name__ == "__main__":
    app.run()
