package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
)

const maxLogoPixels = 16 << 20

// embeddable reads a PNG or JPEG and writes it as the one kind of PNG that
// fpdf embeds without trouble: it panics on one that is cut short, and knows
// neither interlacing nor 16 bits a channel.
func embeddable(data []byte) ([]byte, error) {
	config, decode := png.DecodeConfig, png.Decode
	if bytes.HasPrefix(data, []byte("\xff\xd8\xff")) {
		config, decode = jpeg.DecodeConfig, jpeg.Decode
	} else if !bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")) {
		return nil, errors.New("neither PNG nor JPEG")
	}
	size, err := config(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if size.Width <= 0 || size.Height <= 0 || size.Width > maxLogoPixels/size.Height {
		return nil, fmt.Errorf("%d by %d pixels: larger than %d pixels", size.Width, size.Height, maxLogoPixels)
	}
	picture, err := decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	plain := image.NewNRGBA(image.Rect(0, 0, size.Width, size.Height))
	draw.Draw(plain, plain.Bounds(), picture, picture.Bounds().Min, draw.Src)
	var out bytes.Buffer
	if err := png.Encode(&out, plain); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
