"""nginx doing the least possible work, for comparison."""

from cluster import volume_answers

_HEAD = """daemon off;
worker_processes auto;
pid {folder}/nginx.pid;
error_log {folder}/error.log error;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
"""


def _start(cluster, name, http):
    folder = cluster.folder / name
    folder.mkdir(exist_ok=True)

    def command(port):
        file = folder / "nginx.conf"
        file.write_text(_HEAD.format(folder=folder) + http.replace("PORT", str(port)) + "}\n")
        return ["/usr/sbin/nginx", "-e", folder / "error.log", "-p", folder, "-c", file]

    port = cluster.start_on_free_port(name, command, volume_answers)
    return f"http://localhost:{port}"


def not_found(cluster):
    """`return 404`."""
    return _start(
        cluster,
        "nginx-404",
        "  server { listen 127.0.0.1:PORT reuseport; location / { return 404; } }\n",
    )


def proxy(cluster, volume):
    """`proxy_pass` to a volume, over connections that are kept."""
    return _start(
        cluster,
        "nginx-proxy",
        f"""  upstream volume {{ server {volume.replace("localhost", "127.0.0.1")}; keepalive 64;
    keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:PORT reuseport;
    location / {{
      proxy_pass http://volume;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_max_temp_file_size 0;
    }}
  }}
""",
    )
