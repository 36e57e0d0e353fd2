# Signs a quote: python3 sign_quote.py KEY.jwk CLAIMS.json (pip install 'pyjwt[crypto]')
import json
import sys

import jwt

jwk, claims = (json.load(open(file)) for file in sys.argv[1:])
key = jwt.PyJWK.from_dict(jwk, algorithm="EdDSA").key
print(jwt.encode(claims, key, algorithm="EdDSA", headers={"kid": jwk["kid"]}))
