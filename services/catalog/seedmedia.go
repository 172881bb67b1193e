package catalog

// sampleMedia are the pictures that media's samples are, of the first product of each category. services/media/README.md
// lists them: the address of a picture is the hash of its bytes, so they are the same in every shop.
var sampleMedia = map[string]Picture{
	"KIT-1001": {"e183ea183e325db508e14d510e03badfd7d29c263f6a08a0bd5735aaa2707613", 960, 960, "A saucepan of cream enamel with a lid"},
	"TAB-1031": {"03f42a877aea09a4b8c992186c9146d3a5adf5e708c22cca51d62e1d96fc050c", 960, 960, "A plate of chalk-white stoneware, from above"},
	"COF-1061": {"bafab5c6ae342a259c0bc602e5f44f2c32e003ee478c7f7529f89c73a591027d", 960, 960, "A bag of coffee with a round label"},
	"HOM-1091": {"34a3cba4d9b8ee28101cf6121eecd9d7e0109c72732ecd4bca812911a8a06db0", 960, 960, "A folded blanket of heather wool with stripes"},
	"LIG-1121": {"e89042293992fe13502c2b8861c7912b83f01f2fe11d2373d24c681b6bc49c75", 960, 960, "A table lamp with an opal shade, lit"},
	"STA-1151": {"340c5e91e332fa4c3d333fece39447105c576b1c4914a60fff9a677286ee33a3", 960, 960, "A notebook with a bound back and lines on its cover"},
	"BAG-1181": {"ecbdc9ec22c7b418c2136f817b90320ff97296841c07b7d17f1e77b7a8aed0b7", 960, 960, "A sand-coloured rucksack with a front pocket"},
	"OUT-1211": {"2904cd4305c813d97b0a5556b772e98db91a3f29cf6985058c239bd35d56a3d3", 960, 960, "A vacuum flask before mountains"},
	"GAR-1241": {"22e6bed447799e733956bb4e535dc7a8d29baac4c55405b3a82faf572855704b", 960, 960, "A pair of secateurs, open"},
	"TOY-1271": {"0661cc2e8301d18ec178e4429a526a85bc2b79d99a9a51b6a084270d09eef671", 960, 960, "A wooden train: an engine and two wagons"},
}
