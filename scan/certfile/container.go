package certfile

// A container is one kind of file that can hold certificates.
type container struct {
	name       string                    // as in evidence
	title      string                    // for people
	recognises func(content []byte) bool // by content alone; cheap
	read       func(f *file)             // nil: recognised, and not read by this version
}

// containers lists every container in the order in which they are asked. Binary
// formats with a firm mark come first, text that merely holds a mark last.
func containers() []container {
	return []container{
		jksContainer(),
		jceksContainer(),
		bksContainer(),
		uberContainer(),
		sstContainer(),
		zipContainer(),
		gzipContainer(),
		tarContainer(),
		derContainer(),
		pkcs12Container(),
		bcfksContainer(),
		pkcs7Container(),
		requestContainer(),
		crlContainer(),
		privateKeyContainer(),
		publicKeyContainer(),
		puttyContainer(),
		xmlContainer(),
		jsonContainer(),
		yamlContainer(),
		pemContainer(), // which reads OpenSSH keys between its blocks, too
		opensshContainer(),
		base64Container(),
	}
}

// A ContainerDoc says what one container is called and whether it is read.
type ContainerDoc struct {
	Name, Title string
	Read        bool
}

// Containers documents the containers in the order in which they are asked.
func Containers() []ContainerDoc {
	var docs []ContainerDoc
	for _, c := range containers() {
		docs = append(docs, ContainerDoc{c.name, c.title, c.read != nil})
	}
	return docs
}
