package scan

import "math/big"

// A weierstrass curve y² = x³ + ax + b over the prime field of p, with the
// generator (gx, gy) of order n. The arithmetic is for verifying signatures
// under curves that the standard library does not have; it is not constant in
// time, because it sees no secret.
type weierstrass struct{ p, a, b, gx, gy, n *big.Int }

// maxCurveBits bounds the arithmetic that a hostile key can ask for.
const maxCurveBits = 521

// plain tells whether the parameters can be computed with: a hostile key may
// write out any numbers.
func (w weierstrass) plain() bool {
	return w.p != nil && w.p.BitLen() <= maxCurveBits && w.p.BitLen() > 64 && w.n.BitLen() <= maxCurveBits+1 && w.n.Sign() > 0 &&
		w.a.Cmp(w.p) < 0 && w.b.Cmp(w.p) < 0 && w.p.ProbablyPrime(0) && w.n.ProbablyPrime(0) && w.holds(w.gx, w.gy)
}

func (w weierstrass) holds(x, y *big.Int) bool {
	if x.Cmp(w.p) >= 0 || y.Cmp(w.p) >= 0 {
		return false
	}
	left := new(big.Int).Mul(y, y)
	right := new(big.Int).Mul(x, x)
	right.Add(right, w.a).Mul(right, x).Add(right, w.b)
	return left.Sub(left, right).Mod(left, w.p).Sign() == 0
}

// A point of the curve; x is nil for the point at infinity.
type point struct{ x, y *big.Int }

func (w weierstrass) add(q, r point) point {
	if q.x == nil {
		return r
	}
	if r.x == nil {
		return q
	}
	slope, below := new(big.Int), new(big.Int)
	if q.x.Cmp(r.x) == 0 {
		if q.y.Cmp(r.y) != 0 || q.y.Sign() == 0 {
			return point{}
		}
		slope.Mul(q.x, q.x).Mul(slope, big.NewInt(3)).Add(slope, w.a)
		below.Lsh(q.y, 1)
	} else {
		slope.Sub(r.y, q.y)
		below.Sub(r.x, q.x)
	}
	slope.Mul(slope, below.ModInverse(below.Mod(below, w.p), w.p)).Mod(slope, w.p)
	x := new(big.Int).Mul(slope, slope)
	x.Sub(x, q.x).Sub(x, r.x).Mod(x, w.p)
	y := new(big.Int).Sub(q.x, x)
	y.Mul(y, slope).Sub(y, q.y).Mod(y, w.p)
	return point{x, y}
}

func (w weierstrass) multiply(k *big.Int, q point) (sum point) {
	for i := k.BitLen() - 1; i >= 0; i-- {
		sum = w.add(sum, sum)
		if k.Bit(i) == 1 {
			sum = w.add(sum, q)
		}
	}
	return sum
}

// verify is SEC 1 section 4.1.4.
func (w weierstrass) verify(x, y *big.Int, digest []byte, r, s *big.Int) bool {
	if r.Sign() <= 0 || s.Sign() <= 0 || r.Cmp(w.n) >= 0 || s.Cmp(w.n) >= 0 || !w.holds(x, y) {
		return false
	}
	e := new(big.Int).SetBytes(digest)
	if excess := 8*len(digest) - w.n.BitLen(); excess > 0 {
		e.Rsh(e, uint(excess))
	}
	inverse := new(big.Int).ModInverse(s, w.n)
	if inverse == nil {
		return false
	}
	u1, u2 := e.Mul(e, inverse), new(big.Int).Mul(r, inverse)
	sum := w.add(w.multiply(u1.Mod(u1, w.n), point{w.gx, w.gy}), w.multiply(u2.Mod(u2, w.n), point{x, y}))
	return sum.x != nil && sum.x.Mod(sum.x, w.n).Cmp(r) == 0
}

// weierstrassOf reads the hexadecimal p, a, b, gx, gy and n of the table below.
func weierstrassOf(c [6]string) weierstrass {
	var n [6]*big.Int
	for i, s := range c {
		n[i], _ = new(big.Int).SetString("0"+s, 16)
	}
	return weierstrass{n[0], n[1], n[2], n[3], n[4], n[5]}
}

// primeCurves are curves that the standard library does not have, with p, a,
// b, generator and order as SEC 2 and RFC 5639 give them.
var primeCurves = map[string][6]string{
	"secp192k1": {
		"fffffffffffffffffffffffffffffffffffffffeffffee37",
		"0",
		"3",
		"db4ff10ec057e9ae26b07d0280b7f4341da5d1b1eae06c7d",
		"9b2f2f6d9c5628a7844163d015be86344082aa88d95e2f9d",
		"fffffffffffffffffffffffe26f2fc170f69466a74defd8d",
	},
	"secp224k1": {
		"fffffffffffffffffffffffffffffffffffffffffffffffeffffe56d",
		"0",
		"5",
		"a1455b334df099df30fc28a169a467e9e47075a90f7e650eb6b7a45c",
		"7e089fed7fba344282cafbd6f7e319f7c0b0bd59e2ca4bdb556d61a5",
		"10000000000000000000000000001dce8d2ec6184caf0a971769fb1f7",
	},
	"secp256k1": {
		"fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f",
		"0",
		"7",
		"79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
		"483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
		"fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
	},
	"P-192": {
		"fffffffffffffffffffffffffffffffeffffffffffffffff",
		"fffffffffffffffffffffffffffffffefffffffffffffffc",
		"64210519e59c80e70fa7e9ab72243049feb8deecc146b9b1",
		"188da80eb03090f67cbf20eb43a18800f4ff0afd82ff1012",
		"7192b95ffc8da78631011ed6b24cdd573f977a11e794811",
		"ffffffffffffffffffffffff99def836146bc9b1b4d22831",
	},
	"brainpoolP160r1": {
		"e95e4a5f737059dc60dfc7ad95b3d8139515620f",
		"340e7be2a280eb74e2be61bada745d97e8f7c300",
		"1e589a8595423412134faa2dbdec95c8d8675e58",
		"bed5af16ea3f6a4f62938c4631eb5af7bdbcdbc3",
		"1667cb477a1a8ec338f94741669c976316da6321",
		"e95e4a5f737059dc60df5991d45029409e60fc09",
	},
	"brainpoolP192r1": {
		"c302f41d932a36cda7a3463093d18db78fce476de1a86297",
		"6a91174076b1e0e19c39c031fe8685c1cae040e5c69a28ef",
		"469a28ef7c28cca3dc721d044f4496bcca7ef4146fbf25c9",
		"c0a0647eaab6a48753b033c56cb0f0900a2f5c4853375fd6",
		"14b690866abd5bb88b5f4828c1490002e6773fa2fa299b8f",
		"c302f41d932a36cda7a3462f9e9e916b5be8f1029ac4acc1",
	},
	"brainpoolP224r1": {
		"d7c134aa264366862a18302575d1d787b09f075797da89f57ec8c0ff",
		"68a5e62ca9ce6c1c299803a6c1530b514e182ad8b0042a59cad29f43",
		"2580f63ccfe44138870713b1a92369e33e2135d266dbb372386c400b",
		"d9029ad2c7e5cf4340823b2a87dc68c9e4ce3174c1e6efdee12c07d",
		"58aa56f772c0726f24c6b89e4ecdac24354b9e99caa3f6d3761402cd",
		"d7c134aa264366862a18302575d0fb98d116bc4b6ddebca3a5a7939f",
	},
	"brainpoolP256r1": {
		"a9fb57dba1eea9bc3e660a909d838d726e3bf623d52620282013481d1f6e5377",
		"7d5a0975fc2c3057eef67530417affe7fb8055c126dc5c6ce94a4b44f330b5d9",
		"26dc5c6ce94a4b44f330b5d9bbd77cbf958416295cf7e1ce6bccdc18ff8c07b6",
		"8bd2aeb9cb7e57cb2c4b482ffc81b7afb9de27e1e3bd23c23a4453bd9ace3262",
		"547ef835c3dac4fd97f8461a14611dc9c27745132ded8e545c1d54c72f046997",
		"a9fb57dba1eea9bc3e660a909d838d718c397aa3b561a6f7901e0e82974856a7",
	},
	"brainpoolP320r1": {
		"d35e472036bc4fb7e13c785ed201e065f98fcfa6f6f40def4f92b9ec7893ec28fcd412b1f1b32e27",
		"3ee30b568fbab0f883ccebd46d3f3bb8a2a73513f5eb79da66190eb085ffa9f492f375a97d860eb4",
		"520883949dfdbc42d3ad198640688a6fe13f41349554b49acc31dccd884539816f5eb4ac8fb1f1a6",
		"43bd7e9afb53d8b85289bcc48ee5bfe6f20137d10a087eb6e7871e2a10a599c710af8d0d39e20611",
		"14fdd05545ec1cc8ab4093247f77275e0743ffed117182eaa9c77877aaac6ac7d35245d1692e8ee1",
		"d35e472036bc4fb7e13c785ed201e065f98fcfa5b68f12a32d482ec7ee8658e98691555b44c59311",
	},
	"brainpoolP384r1": {
		"8cb91e82a3386d280f5d6f7e50e641df152f7109ed5456b412b1da197fb71123acd3a729901d1a71874700133107ec53",
		"7bc382c63d8c150c3c72080ace05afa0c2bea28e4fb22787139165efba91f90f8aa5814a503ad4eb04a8c7dd22ce2826",
		"4a8c7dd22ce28268b39b55416f0447c2fb77de107dcd2a62e880ea53eeb62d57cb4390295dbc9943ab78696fa504c11",
		"1d1c64f068cf45ffa2a63a81b7c13f6b8847a3e77ef14fe3db7fcafe0cbd10e8e826e03436d646aaef87b2e247d4af1e",
		"8abe1d7520f9c2a45cb1eb8e95cfd55262b70b29feec5864e19c054ff99129280e4646217791811142820341263c5315",
		"8cb91e82a3386d280f5d6f7e50e641df152f7109ed5456b31f166e6cac0425a7cf3ab6af6b7fc3103b883202e9046565",
	},
	"brainpoolP512r1": {
		"aadd9db8dbe9c48b3fd4e6ae33c9fc07cb308db3b3c9d20ed6639cca703308717d4d9b009bc66842aecda12ae6a380e62881ff2f2d82c68528aa6056583a48f3",
		"7830a3318b603b89e2327145ac234cc594cbdd8d3df91610a83441caea9863bc2ded5d5aa8253aa10a2ef1c98b9ac8b57f1117a72bf2c7b9e7c1ac4d77fc94ca",
		"3df91610a83441caea9863bc2ded5d5aa8253aa10a2ef1c98b9ac8b57f1117a72bf2c7b9e7c1ac4d77fc94cadc083e67984050b75ebae5dd2809bd638016f723",
		"81aee4bdd82ed9645a21322e9c4c6a9385ed9f70b5d916c1b43b62eef4d0098eff3b1f78e2d0d48d50d1687b93b97d5f7c6d5047406a5e688b352209bcb9f822",
		"7dde385d566332ecc0eabfa9cf7822fdf209f70024a57b1aa000c55b881f8111b2dcde494a5f485e5bca4bd88a2763aed1ca2b2fa8f0540678cd1e0f3ad80892",
		"aadd9db8dbe9c48b3fd4e6ae33c9fc07cb308db3b3c9d20ed6639cca70330870553e5c414ca92619418661197fac10471db1d381085ddaddb58796829ca90069",
	},
	"secp160r1": {
		"ffffffffffffffffffffffffffffffff7fffffff",
		"ffffffffffffffffffffffffffffffff7ffffffc",
		"1c97befc54bd7a8b65acf89f81d4d4adc565fa45",
		"4a96b5688ef573284664698968c38bb913cbfc82",
		"23a628553168947d59dcc912042351377ac5fb32",
		"100000000000000000001f4c8f927aed3ca752257",
	},
	"secp160r2": {
		"fffffffffffffffffffffffffffffffeffffac73",
		"fffffffffffffffffffffffffffffffeffffac70",
		"b4e134d3fb59eb8bab57274904664d5af50388ba",
		"52dcb034293a117e1f4ff11b30f7199d3144ce6d",
		"feaffef2e331f296e071fa0df9982cfea7d43f2e",
		"100000000000000000000351ee786a818f3a1a16b",
	},
	"secp160k1": {
		"fffffffffffffffffffffffffffffffeffffac73",
		"0",
		"7",
		"3b4c382ce37aa192a4019e763036f4f5dd4d7ebb",
		"938cf935318fdced6bc28286531733c3f03c4fee",
		"100000000000000000001b8fa16dfab9aca16b6b3",
	},
}
