"""One file up or down by boto3, for test_large_files.py: URL BUCKET up FILE KEY, or down KEY FILE."""

import sys

import boto3
import boto3.s3.transfer

url, bucket, direction, source, target = sys.argv[1:]
s3 = boto3.client("s3", endpoint_url=url)
config = boto3.s3.transfer.TransferConfig(max_concurrency=10)
if direction == "up":
    s3.upload_file(source, bucket, target, Config=config)
else:
    s3.download_file(bucket, source, target, Config=config)
