// The JavaScript SDK against the gateway at $MKV_URL; run by compat/test_javascript.py.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { test } from 'node:test';
import {
  CompleteMultipartUploadCommand, CopyObjectCommand, CreateBucketCommand,
  CreateMultipartUploadCommand, DeleteBucketCommand, DeleteObjectCommand, DeleteObjectsCommand,
  GetBucketCorsCommand, GetObjectAclCommand, GetObjectCommand, GetObjectTaggingCommand,
  HeadBucketCommand, HeadObjectCommand, ListBucketsCommand, PutBucketCorsCommand,
  PutObjectAclCommand, PutObjectCommand, PutObjectTaggingCommand, S3Client, UploadPartCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

const s3 = new S3Client({ endpoint: process.env.MKV_URL, forcePathStyle: true });
const Bucket = 'javascript';
const put = (Key, Body, more = {}) => s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
const get = (Key, more = {}) => s3.send(new GetObjectCommand({ Bucket, Key, ...more }));

test('a bucket and what is in it', async (t) => {
  await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(new HeadBucketCommand({ Bucket }));
  const { Buckets } = await s3.send(new ListBucketsCommand({}));
  assert.ok(Buckets.some(({ Name }) => Name === Bucket));

  await t.test('objects come back as they went', async () => {
    for (const key of ['plain', 'a b/ü+%41&?#', '//x', '中文/😀', "it's (a) *!"]) {
      await put(key, `value of ${key}`, { ContentType: 'text/x-test', Metadata: { m: '1' } });
      const got = await get(key);
      assert.equal(await got.Body.transformToString(), `value of ${key}`);
      assert.equal(got.ContentType, 'text/x-test');
      assert.deepEqual(got.Metadata, { m: '1' });
      await s3.send(new DeleteObjectCommand({ Bucket, Key: key }));
      await assert.rejects(get(key), { name: 'NoSuchKey' });
    }
  });

  await t.test('a stream goes up with a checksum in its trailer', async () => {
    const bytes = Buffer.alloc(300_000, 'stream');
    await put('stream', Readable.from([bytes.subarray(0, 100_000), bytes.subarray(100_000)]),
              { ContentLength: bytes.length, ChecksumAlgorithm: 'CRC32' });
    const got = await get('stream', { ChecksumMode: 'ENABLED' });
    assert.ok(got.ChecksumCRC32);
    assert.ok(bytes.equals(await got.Body.transformToByteArray()));
    const part = await get('stream', { Range: 'bytes=6-11' });
    assert.equal(await part.Body.transformToString(), 'stream');
  });

  await t.test('a large file goes up in parts and comes down', async () => {
    const sha256 = async (name) => {
      const hash = createHash('sha256');
      await pipeline(createReadStream(name), hash);
      return hash.digest('hex');
    };
    const file = process.env.MKV_LARGE_FILE;
    const upload = new Upload({
      client: s3, queueSize: 10, partSize: 8 << 20,
      params: { Bucket, Key: 'large', Body: createReadStream(file), ContentType: 'a/b' },
    });
    const { ETag } = await upload.done();
    assert.match(ETag, /-\d+"$/);
    const got = await get('large');
    assert.equal(got.ContentType, 'a/b');
    await pipeline(got.Body, createWriteStream(`${file}.again`));
    assert.equal(await sha256(`${file}.again`), await sha256(file));
    const aborted = new Upload(
        { client: s3, params: { Bucket, Key: 'aborted', Body: createReadStream(file) } });
    const done = aborted.done();
    await aborted.abort();
    await assert.rejects(done, { name: 'AbortError' });
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'large' }));
  });

  await t.test('copies, conditions and errors', async () => {
    const { ETag } = await put('one', '1');
    await s3.send(new CopyObjectCommand({ Bucket, Key: 'two', CopySource: `${Bucket}/one` }));
    assert.equal((await s3.send(new HeadObjectCommand({ Bucket, Key: 'two' }))).ETag, ETag);
    await assert.rejects(put('one', '2', { IfNoneMatch: '*' }), { name: 'PreconditionFailed' });
    await put('one', '2', { IfMatch: ETag });
  });

  await t.test('presigned URLs', async () => {
    const url = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: 'by link' }));
    assert.equal((await fetch(url, { method: 'PUT', body: 'linked' })).status, 200);
    const link = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: 'by link' }));
    assert.equal(await (await fetch(link)).text(), 'linked');
    assert.equal((await fetch(link.replace('by%20link', 'one'))).status, 403);
    // What the presigner moves from headers into the query counts as headers.
    const described = await getSignedUrl(s3, new PutObjectCommand(
        { Bucket, Key: 'by link', ACL: 'public-read', Metadata: { m: '1' }, Tagging: 'a=1' }));
    assert.equal((await fetch(described, { method: 'PUT', body: 'described' })).status, 200);
    const head = await getSignedUrl(s3, new HeadObjectCommand({ Bucket, Key: 'by link' }));
    const seen = (await fetch(head, { method: 'HEAD' })).headers;
    assert.equal(seen.get('x-amz-meta-m'), '1');
    assert.equal(seen.get('x-amz-tagging-count'), '1');
    const plain = await fetch(`${process.env.MKV_URL}/${Bucket}/by%20link`);
    assert.equal(await plain.text(), 'described');

    // A large file in parts, by links alone.
    const where = { Bucket, Key: 'by link' };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(where));
    const Parts = [];
    for (const [index, body] of [Buffer.alloc(5 << 20, 'p'), 'the end'].entries()) {
      const part = { ...where, UploadId, PartNumber: index + 1 };
      const sent = await fetch(await getSignedUrl(s3, new UploadPartCommand(part)),
                               { method: 'PUT', body });
      assert.equal(sent.status, 200);
      Parts.push({ PartNumber: index + 1, ETag: sent.headers.get('etag') });
    }
    const last = await getSignedUrl(s3, new CompleteMultipartUploadCommand({ ...where, UploadId }));
    const xml = Parts.map(({ PartNumber, ETag }) =>
      `<Part><PartNumber>${PartNumber}</PartNumber><ETag>${ETag}</ETag></Part>`).join('');
    const done = await fetch(last, {
      method: 'POST', body: `<CompleteMultipartUpload>${xml}</CompleteMultipartUpload>` });
    assert.match(await done.text(), /CompleteMultipartUploadResult/);
    const tail = await get('by link', { PartNumber: 2 });
    assert.equal(await tail.Body.transformToString(), 'the end');
  });

  await t.test('tags, ACLs and CORS rules', async () => {
    const where = { Bucket, Key: 'one' };
    const TagSet = [{ Key: 'a', Value: '1' }];
    await s3.send(new PutObjectTaggingCommand({ ...where, Tagging: { TagSet } }));
    assert.deepEqual((await s3.send(new GetObjectTaggingCommand(where))).TagSet, TagSet);
    await s3.send(new PutObjectAclCommand({ ...where, ACL: 'authenticated-read' }));
    const { Grants } = await s3.send(new GetObjectAclCommand(where));
    assert.deepEqual(Grants.map(({ Permission }) => Permission), ['FULL_CONTROL', 'READ']);
    const CORSRules = [{ AllowedMethods: ['GET'], AllowedOrigins: ['*'] }];
    await s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
    assert.deepEqual((await s3.send(new GetBucketCorsCommand({ Bucket }))).CORSRules, CORSRules);
  });

  await t.test('listing in pages, and deleting what was listed', async () => {
    const keys = [];
    for await (const page of paginateListObjectsV2({ client: s3, pageSize: 2 }, { Bucket })) {
      keys.push(...page.Contents.map(({ Key }) => Key));
    }
    assert.deepEqual(keys, ['by link', 'one', 'stream', 'two']);
    const { Deleted, Errors } = await s3.send(new DeleteObjectsCommand(
        { Bucket, Delete: { Objects: keys.map((Key) => ({ Key })) } }));
    assert.equal(Deleted.length, keys.length);
    assert.equal(Errors, undefined);
    await s3.send(new DeleteBucketCommand({ Bucket }));
  });
});
