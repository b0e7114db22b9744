"""Chromium: a page of another origin uploads and downloads with presigned URLs and forms."""

import clients

clients.import_or_become("boto3")
chromium = clients.find("chromium")

import http.server
import json
import os
import queue
import signal
import subprocess
import tempfile
import threading
import unittest
import urllib.parse

import boto3
import botocore.config

from cluster import ACCESS_KEY, REGION, SECRET_KEY, Cluster

CLUSTER = Cluster()
_PATIENCE = 120  # seconds, for a browser on a busy machine

# Does what it is told in `steps` and tells its own server what came of it.
PAGE = """<!doctype html><meta charset="utf-8"><script>
const said = async (answer) => ({
  status: answer.status, etag: answer.headers.get('ETag'), text: await answer.text() });
const formData = (fields, name, content) => {
  const data = new FormData();
  for (const [field, value] of Object.entries(fields)) data.append(field, value);
  data.append('file', new File([content], name, { type: 'text/html' }));
  return data;
};
const steps = {
  fetch: async ({ url, options }) => said(await fetch(url, options)),
  form: async ({ url, fields, name, content }) =>
      said(await fetch(url, { method: 'POST', body: formData(fields, name, content) })),
  // An HTML form as a user sends it: the browser goes where the answer sends it.
  submit: async ({ url, fields, name, content }) => {
    const form = document.createElement('form');
    Object.assign(form, { method: 'POST', action: url, enctype: 'multipart/form-data' });
    for (const [field, value] of Object.entries(fields)) {
      const input = document.createElement('input');
      Object.assign(input, { type: 'hidden', name: field, value });
      form.append(input);
    }
    const input = document.createElement('input');
    Object.assign(input, { type: 'file', name: 'file' });
    const files = new DataTransfer();
    files.items.add(new File([content], name));
    input.files = files.files;
    form.append(input);
    document.body.append(form);
    form.submit();
    return null;
  },
};
onload = async () => {
  const { step, ...task } = await (await fetch('/task')).json();
  const result = await steps[step](task).catch((error) => ({ error: String(error) }));
  if (result) await fetch('/result', { method: 'POST', body: JSON.stringify(result) });
};
</script>"""


class Origin:
    """The page's own server, and what the page said to it."""

    def __init__(self):
        self.results = queue.Queue()
        self.task = None
        origin = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self, body, content_type="text/html"):
                self.send_response(200)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                path = urllib.parse.urlsplit(self.path)
                if path.path == "/":
                    self.answer(PAGE.encode())
                elif path.path == "/task":
                    self.answer(json.dumps(origin.task).encode(), "application/json")
                elif path.path == "/done":
                    origin.results.put(dict(urllib.parse.parse_qsl(path.query)))
                    self.answer(b"done")
                else:
                    self.send_error(404)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                origin.results.put(json.loads(body))
                self.answer(b"")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Browser(unittest.TestCase):
    bucket = "browser"

    @classmethod
    def setUpClass(cls):
        cls.origin = Origin()
        cls.addClassCleanup(cls.origin.close)
        cls.s3 = cls.client("s3v4")
        for bucket in (cls.bucket, "no-cors"):
            cls.s3.create_bucket(Bucket=bucket)
        cls.s3.put_bucket_cors(Bucket=cls.bucket, CORSConfiguration={"CORSRules": [
            {"AllowedOrigins": [cls.origin.url], "AllowedMethods": ["GET", "PUT", "POST"],
             "AllowedHeaders": ["content-type", "x-amz-*"], "ExposeHeaders": ["ETag"]}]})

    @staticmethod
    def client(version):
        return boto3.client(
            "s3", endpoint_url=CLUSTER.url, aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY, region_name=REGION,
            config=botocore.config.Config(signature_version=version))

    def in_page(self, step, **task):
        self.origin.task = {"step": step, **task}
        with tempfile.TemporaryDirectory(dir=CLUSTER.folder, ignore_cleanup_errors=True) as data:
            with open(CLUSTER.folder / "chromium.log", "ab") as log:
                process = subprocess.Popen(
                    [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
                     "--no-first-run", "--disable-background-networking", "--no-proxy-server",
                     "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
                     "--remote-debugging-port=0", f"--user-data-dir={data}", self.origin.url],
                    env=CLUSTER.environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    start_new_session=True)
            try:
                return self.origin.results.get(timeout=_PATIENCE)
            except queue.Empty:
                log = (CLUSTER.folder / "chromium.log").read_text(errors="replace")
                self.fail(f"the page said nothing: {log[-2000:]}")
            finally:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def test_uploads_and_downloads_by_presigned_urls(self):
        for version in ("s3", "s3v4"):
            with self.subTest(version):
                s3 = self.client(version)
                where = {"Bucket": self.bucket, "Key": f"by url/{version} ü"}
                put = s3.generate_presigned_url("put_object", {**where, "ContentType": "text/x"})
                answer = self.in_page("fetch", url=put, options={
                    "method": "PUT", "body": "from a page", "headers": {"Content-Type": "text/x"}})
                self.assertEqual(answer.get("status"), 200, answer)
                self.assertEqual(answer["etag"], self.s3.head_object(**where)["ETag"])
                get = s3.generate_presigned_url("get_object", where)
                answer = self.in_page("fetch", url=get, options={})
                self.assertEqual(answer.get("text"), "from a page", answer)

    def test_is_told_errors(self):
        get = self.s3.generate_presigned_url("get_object", {"Bucket": self.bucket, "Key": "absent"})
        answer = self.in_page("fetch", url=get, options={})
        self.assertEqual(answer.get("status"), 404, answer)
        self.assertIn("<Code>NoSuchKey</Code>", answer["text"])

    def test_keeps_a_page_from_what_no_rule_allows(self):
        self.s3.put_object(Bucket="no-cors", Key="key", Body=b"value")
        get = self.s3.generate_presigned_url("get_object", {"Bucket": "no-cors", "Key": "key"})
        self.assertIn("Failed to fetch", self.in_page("fetch", url=get, options={})["error"])
        delete = self.s3.generate_presigned_url("delete_object",
                                                {"Bucket": self.bucket, "Key": "key"})
        answer = self.in_page("fetch", url=delete, options={"method": "DELETE"})
        self.assertIn("Failed to fetch", answer["error"])

    def test_reads_a_public_object(self):
        self.s3.put_object(Bucket=self.bucket, Key="public", Body=b"for all", ACL="public-read")
        answer = self.in_page("fetch", url=f"{CLUSTER.url}/{self.bucket}/public", options={})
        self.assertEqual(answer.get("text"), "for all", answer)

    def test_uploads_by_form(self):
        for version in ("s3", "s3v4"):
            with self.subTest(version):
                post = self.client(version).generate_presigned_post(
                    self.bucket, f"by form/{version}/${{filename}}",
                    Fields={"success_action_status": "201", "Content-Type": "text/x"},
                    Conditions=[{"success_action_status": "201"}, {"Content-Type": "text/x"},
                                ["content-length-range", 1, 1000]])
                answer = self.in_page("form", **post, name="file ü.txt", content="from a form")
                self.assertEqual(answer.get("status"), 201, answer)
                got = self.s3.get_object(Bucket=self.bucket, Key=f"by form/{version}/file ü.txt")
                self.assertEqual((got["Body"].read(), got["ContentType"]), (b"from a form", "text/x"))
                refused = self.in_page("form", **post, name="large", content="x" * 1001)
                self.assertIn("<Code>EntityTooLarge</Code>", refused["text"])

    def test_is_sent_on_after_a_form(self):
        redirect = {"success_action_redirect": f"{self.origin.url}/done"}
        post = self.s3.generate_presigned_post(self.bucket, "submitted", Fields=redirect,
                                               Conditions=[redirect])
        came = self.in_page("submit", **post, name="any", content="submitted by a user")
        etag = self.s3.head_object(Bucket=self.bucket, Key="submitted")["ETag"]
        self.assertEqual(came, {"bucket": self.bucket, "key": "submitted", "etag": etag})


if __name__ == "__main__":
    clients.main(CLUSTER)
