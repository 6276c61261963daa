//go:build !purego

#include "textflag.h"

// FOUR sets out to [Σa, Σb, Σc, Σd] in the order (s0+s1) + (s2+s3), and spoils
// a and c.
#define FOUR(a, b, c, d, out) \
	VHADDPD    b, a, a;       \
	VHADDPD    d, c, c;       \
	VPERM2F128 $0x20, c, a, out; \
	VPERM2F128 $0x31, c, a, a;   \
	VADDPD     a, out, out

// func dots4AVX(dst *[4]float64, a *float64, stride int, x *float64, n int)
TEXT ·dots4AVX(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ stride+16(FP), AX
	MOVQ x+24(FP), DX
	MOVQ n+32(FP), CX
	SHLQ $3, AX
	LEAQ (SI)(AX*2), R8
	VXORPD Y0, Y0, Y0
	VXORPD Y1, Y1, Y1
	VXORPD Y2, Y2, Y2
	VXORPD Y3, Y3, Y3

loop:
	VMOVUPD (DX), Y8
	VMULPD  (SI), Y8, Y9
	VMULPD  (SI)(AX*1), Y8, Y10
	VMULPD  (R8), Y8, Y11
	VMULPD  (R8)(AX*1), Y8, Y12
	VADDPD  Y9, Y0, Y0
	VADDPD  Y10, Y1, Y1
	VADDPD  Y11, Y2, Y2
	VADDPD  Y12, Y3, Y3
	ADDQ    $32, DX
	ADDQ    $32, SI
	ADDQ    $32, R8
	SUBQ    $4, CX
	JG      loop

	FOUR(Y0, Y1, Y2, Y3, Y4)
	VMOVUPD Y4, (DI)
	VZEROUPPER
	RET

// func dots8AVX(dst *[8]float64, a *float64, stride int, x *float64, xStride, n int)
TEXT ·dots8AVX(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ stride+16(FP), AX
	MOVQ x+24(FP), DX
	MOVQ xStride+32(FP), BX
	MOVQ n+40(FP), CX
	SHLQ $3, AX
	SHLQ $3, BX
	LEAQ (SI)(AX*2), R8
	VXORPD Y0, Y0, Y0
	VXORPD Y1, Y1, Y1
	VXORPD Y2, Y2, Y2
	VXORPD Y3, Y3, Y3
	VXORPD Y4, Y4, Y4
	VXORPD Y5, Y5, Y5
	VXORPD Y6, Y6, Y6
	VXORPD Y7, Y7, Y7

loop:
	VMOVUPD (DX), Y8
	VMOVUPD (DX)(BX*1), Y9
	VMOVUPD (SI), Y10
	VMOVUPD (SI)(AX*1), Y11
	VMULPD  Y8, Y10, Y12
	VMULPD  Y9, Y10, Y13
	VMULPD  Y8, Y11, Y14
	VMULPD  Y9, Y11, Y15
	VADDPD  Y12, Y0, Y0
	VADDPD  Y13, Y4, Y4
	VADDPD  Y14, Y1, Y1
	VADDPD  Y15, Y5, Y5
	VMOVUPD (R8), Y10
	VMOVUPD (R8)(AX*1), Y11
	VMULPD  Y8, Y10, Y12
	VMULPD  Y9, Y10, Y13
	VMULPD  Y8, Y11, Y14
	VMULPD  Y9, Y11, Y15
	VADDPD  Y12, Y2, Y2
	VADDPD  Y13, Y6, Y6
	VADDPD  Y14, Y3, Y3
	VADDPD  Y15, Y7, Y7
	ADDQ    $32, DX
	ADDQ    $32, SI
	ADDQ    $32, R8
	SUBQ    $4, CX
	JG      loop

	FOUR(Y0, Y1, Y2, Y3, Y8)
	FOUR(Y4, Y5, Y6, Y7, Y9)
	VMOVUPD Y8, (DI)
	VMOVUPD Y9, 32(DI)
	VZEROUPPER
	RET

// func subtract4AVX(x, a *float64, stride int, c *[4]float64, n int)
TEXT ·subtract4AVX(SB), NOSPLIT, $0-40
	MOVQ x+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ stride+16(FP), AX
	MOVQ c+24(FP), DX
	MOVQ n+32(FP), CX
	SHLQ $3, AX
	LEAQ (SI)(AX*2), R8
	VBROADCASTSD (DX), Y0
	VBROADCASTSD 8(DX), Y1
	VBROADCASTSD 16(DX), Y2
	VBROADCASTSD 24(DX), Y3

loop:
	VMOVUPD (DI), Y4
	VMULPD  (R8)(AX*1), Y3, Y8
	VMULPD  (R8), Y2, Y7
	VMULPD  (SI)(AX*1), Y1, Y6
	VMULPD  (SI), Y0, Y5
	VSUBPD  Y8, Y4, Y4
	VSUBPD  Y7, Y4, Y4
	VSUBPD  Y6, Y4, Y4
	VSUBPD  Y5, Y4, Y4
	VMOVUPD Y4, (DI)
	ADDQ    $32, DI
	ADDQ    $32, SI
	ADDQ    $32, R8
	SUBQ    $4, CX
	JG      loop

	VZEROUPPER
	RET
