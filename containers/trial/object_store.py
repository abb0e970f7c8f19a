"""An S3 server in memory, with the address at which its image is asked whether it lives."""

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

server = DomainDispatcherApplication(create_backend_app)


def application(environ, start_response):
    """Answer the question after health, leave the rest to the server."""
    if environ["PATH_INFO"] == "/minio/health/live":
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]
    return server(environ, start_response)


if __name__ == "__main__":
    run_simple("0.0.0.0", 9000, application, threaded=True)
