# Fails unless Ruby's jwt accepts every JWT in minted.json, which this project's tests write.
#
#     gem install jwt && ruby ruby.rb
#
# The checks are those of pyjwt.py.

require "base64"
require "json"
require "jwt"

OPTIONS = { algorithm: "HS256", verify_expiration: false }.freeze

# Header and claims, or nil if the signature is wrong.
def verify(token, secret)
  claims, header = JWT.decode(token, secret, true, OPTIONS)
  { "header" => header, "claims" => claims }
rescue JWT::VerificationError
  nil
end

def with_other_claims(token)
  header, _, signature = token.split(".")
  [header, Base64.urlsafe_encode64('{"name":"Somebody Else"}', padding: false), signature].join(".")
end

def problems(entry)
  token, secret = entry.values_at("token", "secret")
  found = verify(token, secret)
  problems = []
  problems << "#{found} differs from the expected header and claims" if found != entry.slice("header", "claims")
  problems << "verifies with another secret" if verify(token, "another-secret-of-sufficient-length-here")
  problems << "verifies with other claims" if verify(with_other_claims(token), secret)
  problems.map { |problem| "#{entry["kind"]}: #{problem}" }
end

tokens = JSON.parse(File.read(File.join(__dir__, "minted.json"), encoding: "UTF-8"))
failed = tokens.flat_map { |entry| problems(entry) }
abort [*failed, "#{failed.length} problems with #{tokens.length} tokens"].join("\n") if failed.any? || tokens.empty?
puts "#{tokens.length} tokens verified by Ruby's jwt #{JWT.gem_version}"
