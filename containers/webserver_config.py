"""How people log in to Airflow's pages: with an account of their own, and not otherwise."""

from flask_appbuilder.const import AUTH_DB

AUTH_TYPE = AUTH_DB
AUTH_USER_REGISTRATION = False
AUTH_ROLE_PUBLIC = None
WTF_CSRF_ENABLED = True
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_SAMESITE = "Lax"
FAB_PASSWORD_COMPLEXITY_ENABLED = True
