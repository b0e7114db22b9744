#!/usr/bin/env python3
"""Signs requests with botocore at a fixed time and prints them as test vectors.

Nothing is sent. Run it under each generation of botocore that matters:

    make_botocore_vectors.py > botocore-VERSION.json
"""
import datetime
import json
import time
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.session
from botocore.config import Config

NOW = 1767323045  # 2026-01-02T03:04:05Z
ACCESS_KEY = 'AKIDEXAMPLE/with/slashes'
SECRET_KEY = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'

KEYS = ['plain', 'a b', 'a+b', 'a%2Fb', 'a//b', '//lead', 'dir/', '.', '../up', 'ü/日本語',
        "a'()*!b", 'a&b=c;d:e@f,g$h', 'per%cent', '~tilde', 'a?b#c', 'quote"<>\\^`{|}', ' lead and trail ']

vectors = []


class FixedTime(datetime.datetime):
    @classmethod
    def utcnow(cls):
        return datetime.datetime.fromtimestamp(NOW, datetime.timezone.utc).replace(tzinfo=None)


# The clock moved between the modules of botocore.
time.time = lambda: NOW
botocore.auth.get_current_datetime = lambda *_, **__: FixedTime.utcnow()
botocore.auth.datetime.datetime = FixedTime


def add(name, method, url, headers, body=b''):
    parts = urllib.parse.urlsplit(url)
    bucket = 'vector-bucket' if parts.netloc.startswith('vector-bucket.') else ''
    target = url[url.index(parts.netloc) + len(parts.netloc):]
    host = botocore.auth._host_from_url(url)
    vectors.append({
        'name': name, 'method': method, 'target': target, 'virtual_bucket': bucket,
        'headers': [['Host', host]] + [[k, v if isinstance(v, str) else v.decode()]
                                       for k, v in headers
                                       if k.lower() not in ('host', 'user-agent')],
        'body': body.decode()})


def client(endpoint, signature_version, style):
    session = botocore.session.Session()
    session.set_credentials(ACCESS_KEY, SECRET_KEY)
    made = session.create_client(
        's3', region_name='eu-central-1', endpoint_url=endpoint,
        config=Config(signature_version=signature_version, s3={'addressing_style': style},
                      retries={'max_attempts': 0}))
    sent = []

    def capture(request, **_):
        body = request.body
        if hasattr(body, 'read'):
            body = body.read()
        sent.append((request.method, request.url, list(request.headers.items()), body or b''))
        return botocore.awsrequest.AWSResponse(request.url, 200, {}, None)

    made.meta.events.register('before-send.s3', capture)
    return made, sent



def header_vectors(endpoint, style):
    s3, sent = client(endpoint, 's3v4', style)

    def call(name, operation, **arguments):
        try:
            getattr(s3, operation)(Bucket='vector-bucket', **arguments)
        except Exception:
            pass  # the answer, which never was one, does not parse
        method, url, headers, body = sent.pop()
        add(f'header {style} {endpoint.split(":")[0]} {name}', method, url, headers, body)

    for key in KEYS:
        call(f'get {key}', 'get_object', Key=key)
    call('put', 'put_object', Key='a b+c', Body=b'hello world', ContentType='text/plain; charset=x',
         Metadata={'spaces': 'a    b  c', 'tab': 'a\tb', 'empty': ''}, Tagging='a=b%20c&d=')
    call('put empty', 'put_object', Key='empty', Body=b'')
    call('copy', 'copy_object', Key='to', CopySource={'Bucket': 'other', 'Key': 'a b+ü%/x'},
         MetadataDirective='REPLACE', Metadata={'k': 'v'})
    call('list', 'list_objects_v2', Prefix='a b+c/ü&=%', Delimiter='/', StartAfter='~ *', MaxKeys=7,
         EncodingType='url', FetchOwner=True)
    call('list v1 with empty prefix', 'list_objects', Prefix='', Marker='', Delimiter='//')
    call('location', 'get_bucket_location')
    call('delete many', 'delete_objects',
         Delete={'Objects': [{'Key': 'a'}, {'Key': 'b&c'}], 'Quiet': True})
    call('part', 'upload_part', Key='k', UploadId='id/+=', PartNumber=3, Body=b'part')
    call('overrides', 'get_object', Key='k', Range='bytes=0-9',
         ResponseContentDisposition='attachment; filename="a b+c.txt"', ResponseExpires=NOW)
    for algorithm in ('CRC32', 'SHA1', 'SHA256'):
        try:
            call(f'checksum {algorithm}', 'put_object', Key='k', Body=b'checked' * 20,
                 ChecksumAlgorithm=algorithm)
        except IndexError:
            pass  # this botocore lacks the library for it


def presigned_vectors(signature_version, style):
    s3, _ = client('http://s3.example.net:9000', signature_version, style)

    def presign(name, operation, **arguments):
        sent_headers = []
        if 'ContentType' in arguments:
            sent_headers.append(('Content-Type', arguments['ContentType']))
        if signature_version == 's3v4':  # signed as headers, so they must be sent as such
            sent_headers += [(f'x-amz-meta-{k}', v)
                             for k, v in arguments.get('Metadata', {}).items()]
            if 'ACL' in arguments:
                sent_headers.append(('x-amz-acl', arguments['ACL']))
            if 'ContentMD5' in arguments:
                sent_headers.append(('Content-MD5', arguments['ContentMD5']))
        url = s3.generate_presigned_url(operation, {'Bucket': 'vector-bucket', **arguments},
                                        ExpiresIn=600)
        signed = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query).get('X-Amz-SignedHeaders')
        if signed:
            sent_headers = [h for h in sent_headers if h[0].lower() in signed[0].split(';')]
        method = {'get': 'GET', 'put': 'PUT', 'lis': 'GET', 'upl': 'PUT', 'hea': 'HEAD',
                  'del': 'DELETE'}[operation[:3]]
        add(f'presigned {signature_version} {style} {name}', method, url, sent_headers)

    for key in KEYS:
        presign(f'get {key}', 'get_object', Key=key)
    presign('put', 'put_object', Key='a b', ContentType='text/plain')
    presign('put with all', 'put_object', Key='a+b', ContentType='a/b', ACL='public-read',
            Metadata={'one': 'two', 'spaced': 'x  y'}, ContentMD5='1B2M2Y8AsgTpgAmY7PhCfg==')
    presign('overrides', 'get_object', Key='k', ResponseContentType='text/x +plain',
            ResponseContentDisposition='attachment; filename="a b+c.txt"')
    presign('version', 'get_object', Key='k', VersionId='null')
    presign('list', 'list_objects_v2', Prefix='a b+ü', Delimiter='/')
    presign('location', 'get_bucket_location')
    presign('part', 'upload_part', Key='k', UploadId='id/+=', PartNumber=3)
    presign('delete', 'delete_object', Key='k k')
    presign('head', 'head_object', Key='k')


def post_vectors(signature_version):
    s3, _ = client('http://s3.example.net:9000', signature_version, 'path')
    form = s3.generate_presigned_post('vector-bucket', 'uploads/${filename}',
                                      Fields={'acl': 'private'}, Conditions=[{'acl': 'private'}])
    vectors.append({'name': f'post {signature_version}', 'fields': list(form['fields'].items())})


header_vectors('http://s3.example.net:9000', 'path')
header_vectors('https://s3.example.net', 'virtual')
for version in ('s3v4', 's3'):
    for style in ('path', 'virtual'):
        presigned_vectors(version, style)
for version in ('s3v4', 's3'):
    post_vectors(version)

lines = ',\n'.join(json.dumps(v, ensure_ascii=False) for v in vectors)
head = json.dumps({'generator': f'botocore {botocore.__version__}', 'access_key': ACCESS_KEY,
                   'secret_key': SECRET_KEY, 'now': NOW})
print(f'{head[:-1]}, "vectors": [\n{lines}\n]}}')
