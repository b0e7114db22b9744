// Access control lists, of which there are four: private, public-read, public-read-write and
// authenticated-read. They come as a canned name, as grants in headers or as a document, and are
// told as the grants that they amount to.
//
// An ACL gives rights beside those that a credential has (credentials.h); it takes none away: the
// owner keeps FULL_CONTROL, whether a list names him or not.
//
// Source: "Access control list (ACL) overview", Amazon S3 User Guide; PutObjectAcl and
// PutBucketAcl, Amazon S3 API Reference. Pure functions; thread-safe.
#ifndef S3API_PROTOCOL_ACL_H_
#define S3API_PROTOCOL_ACL_H_

#include <optional>
#include <string>
#include <string_view>

#include "mkvcore/http/request.h"
#include "s3api/protocol/owner.h"
#include "s3api/protocol/xml.h"

namespace mkv::s3 {

enum class Acl { kPrivate, kPublicRead, kPublicReadWrite, kAuthenticatedRead };

// As it is kept and as clients name it. Of what is kept: anything not known is private.
std::string_view NameOf(Acl acl);
Acl AclNamed(std::string_view kept);

// To read a object, or to list a bucket. `is_authenticated`: the request is signed with a valid
// key.
bool GrantsRead(Acl acl, bool is_authenticated);
// To write and delete the objects of a bucket; of an object it means nothing.
bool GrantsWrite(Acl acl);

// What the headers ask for: `x-amz-acl` (bucket-owner-read and bucket-owner-full-control mean
// private: the bucket's owner has those rights anyway) or `x-amz-grant-*`; nullopt for none of
// them. Throws S3Error: InvalidArgument for what is no ACL, InvalidRequest for both forms at once,
// NotImplemented for one that is none of the four.
std::optional<Acl> AclOfHeaders(const http::RequestHead& head, std::string_view owner);
// The same of the document AccessControlPolicy. Throws MalformedACLError too.
Acl ParseAccessControlPolicy(std::string_view body, std::string_view owner);

XmlDocument AccessControlPolicyDocument(Acl acl, const Owner& owner);

}  // namespace mkv::s3

#endif  // S3API_PROTOCOL_ACL_H_
